import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Agent, FormData as UndiciFormData, Request as UndiciRequest } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { type FaultServer, startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

const quick: Options = { retry: { base: 1, cap: 2 } };
const unavailable: Fault = { kind: 'answer', status: 503 };
const odd = (value: unknown) => value as never;
const OwnRequest = UndiciRequest as unknown as typeof Request;

/** What each attempt carried. */
const carried = ({ requests }: FaultServer) =>
  requests.map(({ headers, body }) => ({
    body: body.toString('latin1'),
    type: headers['content-type'],
    length: headers['content-length'],
    chunked: headers['transfer-encoding'],
  }));

/** Sends to a server that answers 503, 503, 201; expects three times the same, and gives that. */
async function thrice(init: object, meanwhile: () => void = () => {}) {
  await using server = await startFaultServer({ faults: [unavailable, unavailable] });
  const api = createFetch(quick);
  const call = api(server.url, odd({ method: 'POST', ...init }));
  meanwhile();
  api.on('retry', meanwhile);
  expect((await call).status).toBe(201);
  const [first, ...others] = carried(server);
  expect(others).toEqual([first, first]);
  return first;
}

const bytes = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const latin1 = (part: Uint8Array) => Buffer.from(part).toString('latin1');
const form = <Form extends FormData>(into: Form): Form => {
  into.set('order', '7');
  into.set('file', new File(['content'], 'a.txt', { type: 'text/plain' }));
  return into;
};

describe('every attempt sends the same bytes under the same type', () => {
  const kinds: Record<string, [make: () => unknown, body: string, type: string | undefined]> = {
    'a string': [() => 'order 7', 'order 7', 'text/plain;charset=UTF-8'],
    'an empty string': [() => '', '', 'text/plain;charset=UTF-8'],
    'an ArrayBuffer': [() => bytes.slice().buffer, latin1(bytes), undefined],
    'a Buffer': [() => Buffer.from('order 7'), 'order 7', undefined],
    'a part of a Buffer': [() => Buffer.from('order 7').subarray(2, 5), 'der', undefined],
    'a DataView': [() => new DataView(bytes.slice().buffer, 4, 3), latin1(bytes.slice(4, 7)), undefined],
    'a part of a Float64Array': [
      () => new Float64Array(bytes.slice().buffer).subarray(1, 2),
      latin1(bytes.slice(8, 16)),
      undefined,
    ],
    'a Blob': [() => new Blob(['order 7'], { type: 'a/b' }), 'order 7', 'a/b'],
    'a File': [() => new File(['order 7'], 'o.txt'), 'order 7', undefined],
    'a query string': [
      () => new URLSearchParams('a=b c'),
      'a=b+c',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    'a function': [() => () => 'made', 'made', 'text/plain;charset=UTF-8'],
    'an async function': [() => async () => new Blob(['made'], { type: 'a/b' }), 'made', 'a/b'],
    'a number': [() => 7, '7', 'text/plain;charset=UTF-8'],
  };
  for (const [name, [make, body, type]] of Object.entries(kinds)) {
    test(name, async () => {
      const length = String(body.length);
      expect(await thrice({ body: make() })).toEqual({ body, type, length, chunked: undefined });
    });
  }

  for (const [whose, R] of [
    ["undici's", OwnRequest],
    ["the runtime's", Request],
  ] as const) {
    for (const [name, [make, body, type]] of Object.entries(kinds).filter(
      ([name]) => !/function/.test(name),
    )) {
      test(`${name} in ${whose} Request, which is read once and never cloned`, async () => {
        await using server = await startFaultServer({ faults: [unavailable, unavailable] });
        const clone = vi.spyOn(R.prototype, 'clone');
        const request = new R(server.url, odd({ method: 'POST', body: make() }));
        const response = await createFetch(quick)(request);
        const length = String(body.length);
        expect(carried(server)).toEqual(Array(3).fill({ body, type, length, chunked: undefined }));
        expect(response.status).toBe(201);
        expect(request.bodyUsed).toBe(true);
        expect(clone).not.toHaveBeenCalled();
        clone.mockRestore();
      });
    }
  }

  test('a body of many megabytes, and one in a Request', async () => {
    const large = 'x'.repeat(3 * 2 ** 20);
    expect((await thrice({ body: large }))?.length).toBe(String(large.length));
    await using server = await startFaultServer({ faults: [unavailable] });
    const response = await createFetch(quick)(new Request(server.url, { method: 'POST', body: large }));
    expect(response.status).toBe(201);
    expect(server.requests.map(({ bodyLength }) => bodyLength)).toEqual([large.length, large.length]);
  });
});

describe('a form', () => {
  const classes = {
    "undici's": () => form(new UndiciFormData() as FormData),
    "the runtime's": () => form(new FormData()),
  };
  for (const [whose, make] of Object.entries(classes)) {
    test(`of ${whose} class keeps its boundary, and its length is told`, async () => {
      const sent = await thrice({ body: make() });
      const boundary = /^multipart\/form-data; boundary=([-\w]+)$/.exec(sent?.type ?? '')?.[1];
      expect(boundary).toBeTruthy();
      expect(sent?.body.split(`--${boundary}`)).toHaveLength(4);
      expect(sent).toMatchObject({ length: String(sent?.body.length), chunked: undefined });
    });

    test(`of ${whose} class keeps its boundary when a function makes it anew`, async () => {
      expect((await thrice({ body: make }))?.body).toContain('content');
    });
  }

  test('of another call has another boundary', async () => {
    const [one, other] = [
      await thrice({ body: form(new FormData()) }),
      await thrice({ body: form(new FormData()) }),
    ];
    expect(one?.type).not.toBe(other?.type);
  });

  test('in a Request keeps the boundary that the Request drew', async () => {
    await using server = await startFaultServer({ faults: [unavailable, unavailable] });
    const request = new Request(server.url, { method: 'POST', body: form(new FormData()) });
    const type = request.headers.get('content-type');
    expect((await createFetch(quick)(request)).status).toBe(201);
    const [first, ...others] = carried(server);
    expect(first?.type).toBe(type);
    expect(first?.body).toContain('content');
    expect(others).toEqual([first, first]);
  });
});

describe('what the caller does with a body meanwhile changes nothing', () => {
  const changes: Record<string, (body: never) => void> = {
    'a Buffer': (body: Buffer) => void body.fill(0),
    'an ArrayBuffer': (body: ArrayBuffer) => void new Uint8Array(body).fill(0),
    'a view': (body: Uint16Array) => void body.fill(0),
    'a query string': (body: URLSearchParams) => body.append('more', '1'),
    'a form': (body: FormData) => body.append('more', '1'),
  };
  const made: Record<string, () => object> = {
    'a Buffer': () => Buffer.from('order 7'),
    'an ArrayBuffer': () => bytes.slice().buffer,
    'a view': () => new Uint16Array([1, 2, 3]),
    'a query string': () => new URLSearchParams('a=b'),
    'a form': () => form(new FormData()),
  };
  for (const [name, change] of Object.entries(changes)) {
    test(`${name} is sent as it was when the call was made`, async () => {
      const body = made[name]?.();
      const before = await thrice({ body });
      const after = await thrice({ body }, () => change(odd(body)));
      const text = (sent: typeof before) => sent?.body.replaceAll(/steadfetch-[-\w]+/g, 'boundary');
      expect(text(after)).toBe(text(before));
    });
  }

  test('the same with a single attempt', async () => {
    await using server = await startFaultServer();
    const body = Buffer.from('order 7');
    const call = createFetch({ retry: false })(server.url, { method: 'POST', body });
    body.fill(0);
    await call;
    expect(server.requests[0]?.body.toString()).toBe('order 7');
  });

  test('headers too', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const headers = { 'x-a': 'before' };
    const call = createFetch(quick)(server.url, { headers });
    headers['x-a'] = 'after';
    await call;
    expect(server.requests.map((request) => request.headers['x-a'])).toEqual(['before', 'before']);
  });
});

/** Bodies that can be read once. */
const streams: Record<string, () => unknown> = {
  'a ReadableStream': () => ReadableStream.from([Buffer.from('order'), Buffer.from(' 7')]),
  'a ReadableStream of bytes': () => new Blob(['order 7']).stream(),
  'a Node stream': () => Readable.from(['order', ' 7'], { objectMode: false }),
  'an async iterable': async function* pieces() {
    yield 'order';
    yield Buffer.from(' 7');
  },
};
// The client would take a function as a body factory, so it gets the result of the function.
const makeStream = (name: string) => (streams[name] as () => unknown)();

test('a ReadableStream in a Request goes once: nothing of it is read ahead', async () => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const body = ReadableStream.from([Buffer.from('order'), Buffer.from(' 7')]);
  const request = new OwnRequest(server.url, odd({ method: 'POST', body, duplex: 'half' }));
  const response = await createFetch(quick)(request);
  expect(callReport(response)?.stopped).toBe('body');
  expect(carried(server)).toMatchObject([{ body: 'order 7', chunked: 'chunked' }]);
});

describe.each(Object.keys(streams))('%s', (name) => {
  const init = (): RequestInit => odd({ method: 'POST', body: makeStream(name), duplex: 'half' });

  test('goes once, and the report says so', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const response = await createFetch(quick)(server.url, init());
    expect(response.status).toBe(503);
    expect(callReport(response)?.stopped).toBe('body');
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['order 7']);
  });

  test('in a Request goes once, or as often as it takes if it could be read at once; but never in part', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const response = await createFetch(quick)(new Request(server.url, init()));
    const { length } = server.requests;
    expect(callReport(response)?.stopped).toBe(length === 1 ? 'body' : 'success');
    expect(server.requests.map(({ body }) => body.toString())).toEqual(Array(length).fill('order 7'));
  });

  test.each([false, true])('may go again after a refused connection, in a Request: %s', async (inRequest) => {
    await using server = await startFaultServer();
    await server.refuse();
    const api = createFetch({ retry: { base: 50, cap: 50 } });
    let refused = 0;
    api.on('attempt', ({ attempt }) => {
      if (attempt.delivery === 'not-sent' && ++refused === 2) void server.listenAgain();
    });
    const response = await (inRequest ? api(new Request(server.url, init())) : api(server.url, init()));
    expect(response.status).toBe(201);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['order 7']);
  });

  test('is not sent again once a byte of it was', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'request', how: 'reset' }] });
    const error = await createFetch(quick)(server.url, init()).catch((thrown: unknown) => thrown);
    expect(callReport(error)).toMatchObject({ stopped: 'body', delivery: 'unknown' });
    expect(server.requests).toHaveLength(1);
  });

  test('may go again after it waited in vain for a connection', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'request', how: 'stall' }] });
    const dispatcher = odd(new Agent({ connections: 1 }));
    const api = createFetch({ dispatcher, timeout: { attempt: 200 }, retry: { base: 1 } });
    const hog = new AbortController();
    const hogging = api(server.url, { signal: hog.signal, policy: { timeout: false } }).catch(() => {});
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    api.on('retry', () => hog.abort());
    const response = await api(server.url, init());
    await hogging;
    expect(response.status).toBe(201);
    expect(callReport(response)?.attempts[0]).toMatchObject({ reason: 'timeout', delivery: 'not-sent' });
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['', 'order 7']);
  });
});

describe('a function', () => {
  test('is called once for each attempt', async () => {
    const make = vi.fn(() => 'made');
    await thrice({ body: make });
    expect(make).toHaveBeenCalledTimes(3);
  });

  test('may make a new stream for each attempt', async () => {
    const body = () => new Blob(['made']).stream();
    const sent = await thrice({ body, duplex: 'half' });
    expect(sent).toMatchObject({ body: 'made', chunked: 'chunked' });
  });

  test.each([undefined, null])('that makes %s makes no body', async (nothing) => {
    expect(await thrice({ body: () => nothing })).toMatchObject({ body: '', type: undefined });
  });

  test('that throws ends the call with what it threw, and nothing is sent', async () => {
    await using server = await startFaultServer();
    const mistake = new RangeError('mine');
    const body = () => {
      throw mistake;
    };
    const error = await createFetch(quick)(server.url, { method: 'POST', body }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBe(mistake);
    expect(callReport(error)).toMatchObject({ stopped: 'body', delivery: 'not-sent' });
    expect(server.requests).toHaveLength(0);
  });

  test('that throws at the second attempt ends the call then', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    let calls = 0;
    const body = async () => {
      if (++calls === 2) throw new RangeError('mine');
      return 'made';
    };
    const call = createFetch(quick)(server.url, { method: 'POST', body });
    await expect(call).rejects.toThrow('mine');
    expect(server.requests).toHaveLength(1);
  });

  test('is not called if the signal has aborted already', async () => {
    const make = vi.fn(() => 'made');
    const call = createFetch()('http://127.0.0.1:1/', {
      method: 'POST',
      body: make,
      signal: AbortSignal.abort('no'),
    });
    await expect(call).rejects.toBe('no');
    expect(make).not.toHaveBeenCalled();
  });
});

describe('a file', () => {
  let path = '';
  beforeAll(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'steadfetch-')), 'file');
    await writeFile(path, 'from the disk '.repeat(10_000));
  });
  afterAll(() => rm(join(path, '..'), { recursive: true }));

  test('is read for each attempt', async () => {
    const sent = await thrice({ body: await openAsBlob(path) });
    expect(sent).toMatchObject({ length: '140000', body: 'from the disk '.repeat(10_000) });
  });

  test('in a form too', async () => {
    const body = new FormData();
    body.set('file', await openAsBlob(path), 'file.txt');
    const sent = await thrice({ body });
    expect(sent?.body).toContain('from the disk '.repeat(10_000));
    expect(sent?.length).toBe(String(sent?.body.length));
  });

  test('in a Request is not lost, whether or not it can go again', async () => {
    await using server = await startFaultServer();
    const request = new Request(server.url, { method: 'POST', body: await openAsBlob(path) });
    expect((await createFetch(quick)(request)).status).toBe(201);
    expect(server.requests[0]?.body.toString()).toBe('from the disk '.repeat(10_000));
  });
});

describe('a Request whose body is not at hand at once', () => {
  test('is sent while it comes, with what came before', async () => {
    await using server = await startFaultServer();
    let controller: ReadableByteStreamController | undefined;
    const body = new ReadableStream({
      type: 'bytes',
      start(given) {
        controller = given;
        given.enqueue(Buffer.alloc(4, 'a').slice());
      },
    });
    const request = new Request(server.url, odd({ method: 'POST', body, duplex: 'half' }));
    const call = createFetch(quick)(request);
    while (server.requestsBegun === 0) await new Promise((resolve) => setImmediate(resolve));
    controller?.enqueue(new Uint8Array(Buffer.from('b')));
    controller?.close();
    expect((await call).status).toBe(201);
    expect(carried(server)).toMatchObject([{ body: 'aaaab', chunked: 'chunked' }]);
  });

  test('fails as fetch does if it breaks before the first byte', async () => {
    await using server = await startFaultServer();
    const body = new ReadableStream({
      type: 'bytes',
      pull() {
        throw new RangeError('mine');
      },
    });
    const request = new Request(server.url, odd({ method: 'POST', body, duplex: 'half' }));
    const error = await createFetch(quick)(request).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed', cause: { message: 'mine' } });
    expect(callReport(error)).toMatchObject({ stopped: 'body' });
  });

  test('is longer than what is read ahead: it goes once', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const part = 'x'.repeat(64 * 1024);
    const request = new Request(server.url, { method: 'POST', body: new Blob(Array(40).fill(part)) });
    const response = await createFetch(quick)(request);
    expect(callReport(response)).toMatchObject({ stopped: 'body' });
    expect(server.requests.map(({ bodyLength }) => bodyLength)).toEqual([40 * part.length]);
  });

  test('notices an abort that comes while it is looked at', async () => {
    await using server = await startFaultServer();
    const controller = new AbortController();
    const body = new ReadableStream({ type: 'bytes' });
    const request = new Request(server.url, odd({ method: 'POST', body, duplex: 'half' }));
    const call = createFetch()(request, { signal: controller.signal });
    controller.abort('stop');
    await expect(call).rejects.toBe('stop');
    expect(server.requestsBegun).toBe(0);
  });
});
