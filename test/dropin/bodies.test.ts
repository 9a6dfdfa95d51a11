import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FormData as UndiciFormData, Request as UndiciRequest } from 'undici';
import { afterAll, beforeAll, describe } from 'vitest';
import type { FetchLike } from '../../src/index.ts';
import { outcome } from './observe.ts';
import { type Observe, type Stage, sameAsFetch } from './same-as-fetch.ts';

const odd = (value: unknown) => value as never;
const OwnRequest = UndiciRequest as unknown as typeof Request;

/** The value is made anew for each call, as callers do. */
const sent =
  (make: () => unknown, init: object = {}): Observe =>
  async ({ fetch, server, url }) => ({
    outcome: await outcome(fetch(url, odd({ method: 'POST', body: await make(), ...init }))),
    seen: server.seen,
  });

const bytes = Uint8Array.from({ length: 48 }, (_, i) => i * 5);

/** Bodies whose length `fetch` knows. */
const whole: Record<string, () => unknown> = {
  'a string': () => 'text',
  'a string beyond latin1': () => '\u00fc \u20ac \u{1f600}',
  'a string with half a character': () => 'a\ud800b',
  'an empty string': () => '',
  'a long string': () => 'x'.repeat(200_000),
  'an ArrayBuffer': () => bytes.slice().buffer,
  'an empty ArrayBuffer': () => new ArrayBuffer(0),
  'a Buffer from the pool': () => Buffer.from('pooled'),
  'a part of a Buffer': () => Buffer.from('pooled').subarray(2, 4),
  'a DataView': () => new DataView(bytes.slice().buffer, 8, 5),
  'a Blob': () => new Blob(['te', bytes], { type: 'Text/X-Type; A=b' }),
  'a Blob without a type': () => new Blob(['text']),
  'a part of a Blob': () => new Blob(['0123456789']).slice(2, 5, 'a/b'),
  'an empty Blob': () => new Blob([]),
  'a File': () => new File(['text'], 'name.txt', { type: 'text/plain' }),
  'a query string': () => new URLSearchParams('a=b&c=%20+\u00fc'),
  'an empty query string': () => new URLSearchParams(),
};
for (const View of [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
]) {
  whole[`a part of an ${View.name}`] = () => new View(bytes.slice().buffer).subarray(1, 3);
}
for (const View of [Float32Array, Float64Array, BigInt64Array, BigUint64Array]) {
  whole[`a part of a ${View.name}`] = () => new View(bytes.slice().buffer).subarray(1, 3);
}

describe('a body whose length is known', () => {
  for (const [name, make] of Object.entries(whole)) sameAsFetch(name, sent(make));
});

describe('what is no body', () => {
  const values: Record<string, unknown> = {
    'a number': 5,
    false: false,
    'a plain object': { a: 1 },
    'an array': ['a', 'b'],
    'a String object': new String('text'),
    'an object with a toString': { toString: () => 'mine' },
    'shared memory': new SharedArrayBuffer(3),
    'a view on shared memory': new Uint8Array(new SharedArrayBuffer(3)),
  };
  for (const [name, value] of Object.entries(values))
    sameAsFetch(
      `${name} is sent as its text`,
      sent(() => value),
    );
  sameAsFetch(
    'null is none',
    sent(() => null),
  );
  sameAsFetch(
    'undefined is none',
    sent(() => undefined),
  );
  sameAsFetch('memory that was given away', async (stage) => {
    const buffer = new ArrayBuffer(4);
    structuredClone(buffer, { transfer: [buffer] });
    // undici 7 throws an error of its own, undici 8 sends nothing.
    const { outcome: ended, seen } = (await sent(() => buffer)(stage)) as { outcome: object; seen: object };
    return { failed: 'error' in ended, seen };
  });
});

describe('a body that is made while it is sent', () => {
  const half = { duplex: 'half' };
  async function* pieces() {
    yield 'one ';
    yield new Uint8Array([0x74, 0x77, 0x6f]);
    yield '';
    yield Buffer.from(' three').subarray(0, 6);
  }
  const streams: Record<string, () => unknown> = {
    'an async iterable': pieces,
    'an async iterable without an end': () => ({ [Symbol.asyncIterator]: () => pieces() }),
    'a Node stream': () => Readable.from(['one', ' two'], { objectMode: false }),
    'a Node stream without anything': () => Readable.from([]),
    'a ReadableStream': () => ReadableStream.from(pieces()),
    'a ReadableStream of bytes': () => new Blob(['one two']).stream(),
    'a ReadableStream without anything': () => new Blob([]).stream(),
    'a long ReadableStream': () => new Blob(['x'.repeat(500_000)]).stream(),
  };
  for (const [name, make] of Object.entries(streams)) sameAsFetch(name, sent(make, half));
  sameAsFetch(
    'a ReadableStream of a length that the caller knows',
    sent(() => new Blob(['one two']).stream(), { ...half, headers: { 'content-length': '7' } }),
  );
});

/** The content of a form, whatever its boundary, which the client chooses. */
async function formFacts({ seen }: Stage['server']): Promise<unknown> {
  const facts = seen.map(async ({ headers, body }) => {
    const header = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1];
    const type = header('content-type') ?? '';
    const form = await new Response(Buffer.from(body, 'latin1'), {
      headers: { 'content-type': type },
    }).formData();
    const entries = [...form].map(async ([name, value]) =>
      typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
    );
    const length = header('content-length');
    return {
      type: type.replace(/boundary=[-\w]+$/, 'boundary=…'),
      measured: length === String(body.length),
      chunked: header('transfer-encoding'),
      entries: await Promise.all(entries),
    };
  });
  return Promise.all(facts);
}

function fill<Form extends FormData>(form: Form): Form {
  form.set('text', 'one\ntwo\r\nthree');
  form.append('text', 'a second one');
  form.set('name with "quotes"', '\u00fc \u20ac');
  form.set('file', new File(['content'], 'a "file".txt', { type: 'text/x-file' }));
  form.set('blob', new Blob([bytes]), 'bytes');
  form.set('empty', new File([], 'empty'));
  return form;
}

describe('a form', () => {
  const posted =
    (make: () => unknown): Observe =>
    async ({ fetch, server, url }) => {
      const response = await fetch(url, { method: 'POST', body: odd(make()) });
      return { status: response.status, forms: await formFacts(server) };
    };
  sameAsFetch(
    "of undici's class",
    posted(() => fill(new UndiciFormData() as FormData)),
  );
  sameAsFetch(
    "of the runtime's class",
    posted(() => fill(new FormData())),
    globalThis.fetch,
  );
  sameAsFetch('without entries is sent all the same', async ({ fetch, server, url }) => {
    await fetch(url, { method: 'POST', body: odd(new UndiciFormData()) });
    return server.seen.map(({ headers }) =>
      headers.some(([, value]) => value.startsWith('multipart/form-data;')),
    );
  });
});

describe('a file', () => {
  let folder = '';
  const file = () => openAsBlob(join(folder, 'file.txt'), { type: 'text/x-file' });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'steadfetch-'));
    await writeFile(join(folder, 'file.txt'), 'from the disk '.repeat(10_000));
  });
  afterAll(() => rm(folder, { recursive: true }));

  sameAsFetch('as a Blob', sent(file));
  sameAsFetch(
    'in a part',
    sent(async () => (await file()).slice(5, 70_000, 'a/b')),
  );
  sameAsFetch('that is not there any more', async ({ fetch, server, url }) => {
    const path = join(folder, `gone-${Math.random()}`);
    await writeFile(path, 'x'.repeat(100));
    const body = await openAsBlob(path);
    await rm(path);
    return { outcome: await outcome(fetch(url, { method: 'POST', body })), seen: server.seen };
  });
});

for (const [whose, R, reference] of [
  ["undici's", OwnRequest, undefined],
  ["the runtime's", Request, globalThis.fetch],
] as const) {
  describe(`the body of ${whose} Request`, () => {
    /** Framing and content. The user-agents of the two fetches may differ. */
    const facts = ({ seen }: Stage['server']) =>
      seen.map(({ headers, body, method }) => {
        const framing = /^(content-(length|type)|transfer-encoding)$/i;
        return { method, body, headers: headers.filter(([name]) => framing.test(name)).sort() };
      });
    const inRequest =
      (make: () => unknown, init: object = {}): Observe =>
      async ({ fetch, server, url }) => {
        const request = new R(url, odd({ method: 'POST', body: await make(), ...init }));
        const before = request.bodyUsed;
        const call = (fetch as FetchLike)(request);
        const during = [request.bodyUsed, request.body?.locked];
        const { status } = await call;
        return {
          status,
          before,
          during,
          after: [request.bodyUsed, request.body?.locked],
          seen: facts(server),
        };
      };
    for (const [name, make] of Object.entries(whole)) sameAsFetch(name, inRequest(make), reference);
    sameAsFetch(
      'none',
      inRequest(() => undefined),
      reference,
    );
    sameAsFetch(
      'a stream',
      inRequest(() => ReadableStream.from([bytes.slice(0, 3), bytes.slice(3)]), { duplex: 'half' }),
      reference,
    );
    sameAsFetch(
      'a form',
      async ({ fetch, server, url }) => {
        const form = fill(R === Request ? new FormData() : (new UndiciFormData() as FormData));
        const response = await fetch(new R(url, { method: 'POST', body: form }));
        return { status: response.status, forms: await formFacts(server) };
      },
      reference,
    );
    sameAsFetch(
      'that the init replaces is left alone',
      async ({ fetch, url }) => {
        const request = new R(url, { method: 'POST', body: 'mine' });
        await fetch(request, { body: 'other' });
        return { bodyUsed: request.bodyUsed, locked: request.body?.locked, text: await request.text() };
      },
      reference,
    );
  });
}
