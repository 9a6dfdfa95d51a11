import { createReadStream, openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import NpmFormData from 'form-data';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callReport, createFetch, type SteadInit } from '../../src/index.ts';
import { errorOf } from '../support/error-of.ts';
import { type FaultServer, startFaultServer } from '../support/fault-server.ts';
import { ForeignFile, ForeignFormData, oldStream } from '../support/foreign-bodies.ts';
import { isBefore8 } from '../support/users-undici.ts';
import { guarded, quick } from '../undici/support.ts';

// Bodies that are not what they look like, and bodies that break before they are read.

type Send = (
  url: string,
  body: unknown,
  headers?: Record<string, string>,
) => Promise<{ status: number; from: object }>;

const { dispatcher } = guarded();
const entries: Record<string, Send> = {
  fetch: async (url, body, headers = {}) => {
    const init = { method: 'POST', body, headers, duplex: 'half' } as SteadInit;
    const from = await createFetch(quick)(url, init);
    return { status: from.status, from };
  },
  'fetch, once': async (url, body, headers = {}) => {
    const init = { method: 'POST', body, headers, duplex: 'half', policy: { retry: false } } as SteadInit;
    const from = await createFetch(quick)(url, init);
    return { status: from.status, from };
  },
  'the interceptor': async (url, body, headers = {}) => {
    const response = await request(url, { dispatcher, method: 'POST', body: body as string, headers });
    await response.body.dump();
    return { status: response.statusCode, from: response.context };
  },
  'the interceptor, once': async (url, body, headers = {}) => {
    const once = guarded({ retry: false }).dispatcher;
    const response = await request(url, { dispatcher: once, method: 'POST', body: body as string, headers });
    await response.body.dump();
    return { status: response.statusCode, from: response.context };
  },
};

/** The fields and files that came. */
async function formOf(server: FaultServer): Promise<unknown> {
  const [seen] = server.requests;
  const headers = { 'content-type': seen?.headers['content-type'] ?? '' };
  const form = await new Response(new Uint8Array(seen?.body ?? []), { headers }).formData();
  const entries = [...form].map(async ([name, value]) =>
    typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
  );
  return Promise.all(entries);
}

const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
beforeEach(() => {
  unhandled.length = 0;
  process.on('uncaughtException', note);
});
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off('uncaughtException', note);
  expect(unhandled).toEqual([]);
});

describe.each(Object.entries(entries))('a body of another library, through %s', (entry, send) => {
  test('the npm package form-data is the stream that it is', async () => {
    await using server = await startFaultServer();
    const form = new NpmFormData();
    form.append('a', '1');
    form.append('f', Buffer.from('hey'), { filename: 'x.txt', contentType: 'text/plain' });
    expect((await send(server.url, form, form.getHeaders())).status).toBe(201);
    expect(await formOf(server)).toEqual([
      ['a', '1'],
      ['f', 'x.txt', 'text/plain', 'hey'],
    ]);
  });

  test('a FormData with a File arrives with its bytes, not as the text [object File]', async () => {
    await using server = await startFaultServer();
    const form = new ForeignFormData();
    form.append('a', '1');
    form.append('f', new ForeignFile(['hey'], 'x.txt', 'text/plain'));
    expect((await send(server.url, form)).status).toBe(201);
    expect(await formOf(server)).toEqual([
      ['a', '1'],
      ['f', 'x.txt', 'text/plain', 'hey'],
    ]);
  });

  // A File of another library is undici's to take.
  test.skipIf(!isBefore8 && entry.includes('interceptor'))(
    'a File arrives with its bytes, its length and its type',
    async () => {
      await using server = await startFaultServer();
      expect((await send(server.url, new ForeignFile(['hey'], 'x.txt', 'text/x'))).status).toBe(201);
      expect(server.requests[0]?.body.toString()).toBe('hey');
      expect(server.requests[0]?.headers).toMatchObject({ 'content-type': 'text/x', 'content-length': '3' });
    },
  );

  test.each<[string, () => unknown]>([
    ['a form that can’t be listed', () => ({ [Symbol.toStringTag]: 'FormData', append() {} })],
    [
      'a form with something that is no string and no file',
      () => {
        const form = new ForeignFormData();
        form.append('a', { [Symbol.toStringTag]: 'Blob', size: 1 });
        return form;
      },
    ],
    ['a Blob that can’t be read', () => ({ [Symbol.toStringTag]: 'Blob', size: 3 })],
  ])('%s is refused before anything is sent', async (_name, make) => {
    await using server = await startFaultServer();
    expect(await errorOf(send(server.url, make()))).toBeInstanceOf(Error);
    expect(server.requests).toHaveLength(0);
  });

  test('a stream that can’t be iterated over arrives whole, and goes once', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 503 }] });
    const { status } = await send(server.url, oldStream(['one', ' two']));
    expect(status).toBe(503);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['one two']);
  });
});

describe.each(Object.entries(entries))('a body that breaks, through %s', (_entry, send) => {
  const streams: [string, () => unknown][] = [
    ['a file that is not there', () => createReadStream('/no/such/file')],
    [
      'a stream that breaks before anything of it was there',
      () => {
        const stream = new Readable({ read() {} });
        setImmediate(() => stream.destroy(new Error('broken')));
        return stream;
      },
    ],
    ['a stream that breaks half-way', () => Readable.from(half())],
    ['an old stream that breaks', () => oldStream(['one'], new Error('broken'))],
    ['a stream that can only be written to', () => new Writable()],
    ['a stream of objects', () => Readable.from([{ amount: 1 }])],
  ];
  async function* half() {
    yield 'one';
    throw new Error('broken');
  }

  test.each(streams)('%s rejects the call, and ends no process', async (_name, make) => {
    await using server = await startFaultServer();
    const error = await errorOf(send(server.url, make()));
    expect(error).toBeInstanceOf(Error);
    expect(server.effects('one')).toBe(0);
    expect(callReport(error)).toMatchObject({ stopped: 'body', attempts: [{ reason: 'body' }] });
  });

  test('a Blob whose file has changed is no failure of the dependency', async () => {
    await using server = await startFaultServer();
    const folder = await mkdtemp(join(tmpdir(), 'steadfetch-'));
    try {
      const path = join(folder, 'file');
      await writeFile(path, 'as it was');
      const blob = await openAsBlob(path);
      await writeFile(path, 'it has another length now');
      const error = await errorOf(send(server.url, blob));
      expect(callReport(error)).toMatchObject({ stopped: 'body', attempts: [{ reason: 'body' }] });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('a file that is not there ends no process, though the call is refused before its body is looked at', async () => {
  const headers = { 'Idempotency-Key': 'null' };
  const body = () => createReadStream('/no/such/file');
  const api = createFetch();
  const init = { method: 'POST', body: body(), headers, duplex: 'half' } as unknown as SteadInit;
  expect(await errorOf(api('http://127.0.0.1:9/', init))).toBeInstanceOf(TypeError);
  const post = { dispatcher, method: 'POST', body: body(), headers };
  expect(await errorOf(request('http://127.0.0.1:9/', post as never))).toBeInstanceOf(TypeError);
  await new Promise((resolve) => setTimeout(resolve, 20));
});

test('a Blob that can’t be read through another fetch is no failure of the dependency', async () => {
  const unreadable = Object.assign(new Error('changed'), { name: 'NotReadableError' });
  const api = createFetch({
    ...quick,
    fetch: () => Promise.reject(new TypeError('fetch failed', { cause: unreadable })),
  });
  const error = await errorOf(api('http://x.example/', { method: 'POST', body: new Blob(['x']) }));
  expect(callReport(error)).toMatchObject({ stopped: 'body', attempts: [{ reason: 'body' }] });
});
