import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { fetch as undiciFetch } from 'undici';
import { expect, test } from 'vitest';
import { callReport, createFetch, type FetchLike, type Options } from '../../src/index.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { listen } from '../support/listen.ts';

const LIMIT = 64 * 1024;
const quick: Options = { buffer: LIMIT, retry: { base: 1, cap: 1 }, breaker: false };
const plain = undiciFetch as unknown as FetchLike;
const transports = [
  { name: 'undici', options: quick },
  { name: 'another fetch', options: { ...quick, fetch: ((input, init) => plain(input, init)) as FetchLike } },
];
const post = { method: 'POST', body: 'order 7' };

/** A server for the faults that the fault server does not have. */
async function serve(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener);
  const origin = await listen(server);
  return {
    url: origin,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const broken: readonly (readonly [string, Fault, string])[] = [
  ['a body shorter than its content-length', { kind: 'cut', at: 'body', how: 'close' }, 'network'],
  ['a body that is reset', { kind: 'cut', at: 'body', how: 'reset' }, 'network'],
  ['chunks that stop', { kind: 'cut', at: 'body', how: 'close', framing: 'chunked' }, 'network'],
  [
    'chunks that stop on a connection that was to close anyway',
    {
      kind: 'cut',
      at: 'body',
      how: 'close',
      framing: 'chunked',
      answer: { status: 201, headers: { connection: 'close' } },
    },
    'network',
  ],
  ['headers and then a close', { kind: 'cut', at: 'headers', how: 'close' }, 'network'],
  ['headers and then silence', { kind: 'cut', at: 'headers', how: 'stall' }, 'timeout'],
  ['a body that stalls', { kind: 'cut', at: 'body', how: 'stall' }, 'timeout'],
];

for (const { name, options } of transports) {
  test.each(broken)(
    `${name}: %s is retried, and the caller only sees the whole one`,
    async (_what, fault, reason) => {
      await using server = await startFaultServer({ faults: [fault] });
      const response = await createFetch({ ...options, timeout: { idle: 200 } })(server.url, post);
      expect(await response.json()).toMatchObject({ ok: true });
      expect(callReport(response)).toMatchObject({
        stopped: 'success',
        attempts: [
          { status: 201, delivery: 'answered', reason, error: { name: expect.any(String) } },
          { status: 201, delivery: 'answered', reason: 'success' },
        ],
      });
      expect(server.effects('order 7')).toBe(1);
    },
  );

  test(`${name}: a broken body is not asked for again where a repeat could do the work twice`, async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'body', how: 'close' }] });
    const error = await errorOf(createFetch({ ...options, idempotency: false })(server.url, post));
    expect(error).toBeInstanceOf(TypeError);
    expect(callReport(error)).toMatchObject({
      stopped: 'unsafe',
      delivery: 'answered',
      attempts: [{ status: 201, delivery: 'answered', reason: 'network' }],
    });
    expect(server.requests).toHaveLength(1);
  });

  test(`${name}: with buffer the response is what fetch would have given`, async () => {
    const answers: Fault[] = [
      { kind: 'answer', status: 200, headers: { 'x-a': '1', 'set-cookie': ['a=1', 'b=2'] }, bytes: 1_000 },
      { kind: 'answer', status: 200, bytes: 0 },
      { kind: 'answer', status: 204 },
      { kind: 'answer', status: 205, bytes: 10 },
      { kind: 'answer', status: 302, headers: { location: '/there' }, bytes: 100 },
      { kind: 'answer', status: 404, bytes: 10 },
      { kind: 'answer', status: 200, bytes: LIMIT },
      { kind: 'answer', status: 200, bytes: LIMIT + 1 },
      { kind: 'answer', status: 200, bytes: 20 * LIMIT },
      { kind: 'interim', statuses: [103] },
    ];
    for (const init of [{}, { method: 'HEAD' }, { redirect: 'manual' } as const]) {
      for (const answer of answers) {
        await using server = await startFaultServer({
          fault: ({ path }) => (path.startsWith('/here') ? answer : undefined),
        });
        const expected = await describe(await plain(`${server.url}/here?a#b`, init));
        const response = await createFetch(options)(`${server.url}/here?a#b`, init);
        expect(response.bodyUsed).toBe(false);
        expect(await describe(response)).toEqual(expected);
      }
    }
  });

  test(`${name}: what is just as long as the limit is whole or retried; what is longer streams on`, async () => {
    const bytes = 1_000;
    for (const [buffer, attempts] of [
      [bytes, 2],
      [bytes - 1, 1],
    ] as const) {
      let requests = 0;
      await using server = await serve((_request, response) => {
        response.write(Buffer.alloc(bytes));
        if (requests++ > 0) response.end();
        // All bytes of the body have come, but not the end of the response.
        else setTimeout(() => response.destroy(), 10);
      });
      const response = await createFetch({ ...options, buffer })(server.url);
      if (attempts === 2) expect((await response.arrayBuffer()).byteLength).toBe(bytes);
      else await expect(response.arrayBuffer()).rejects.toThrow('terminated');
      expect(requests).toBe(attempts);
    }
  });

  test(`${name}: a body longer than the limit streams on, held back by its reader, and loses nothing`, async () => {
    const total = 16 * 2 ** 20;
    let written = 0;
    await using server = await serve(async (_request, response) => {
      for (; written < total && !response.destroyed; written += 65_536) {
        if (!response.write(Buffer.alloc(65_536, written / 65_536)))
          await once(response, 'drain').catch(() => {});
      }
      response.end();
    });
    const response = await createFetch(options)(server.url);
    let before = -1;
    // Waits until the server can write no more.
    await eventually(() => {
      const now = written;
      const stuck = now === before;
      before = now;
      expect(stuck).toBe(true);
    });
    expect(written).toBeLessThan(total);
    let read = 0;
    for await (const chunk of response.body ?? []) {
      for (let i = 0; i < chunk.byteLength; i += 4_096) expect(chunk[i]).toBe(((read + i) >> 16) % 256);
      read += chunk.byteLength;
    }
    expect(read).toBe(total);
  });

  test(`${name}: an abort while the body is buffered rejects with the caller's reason, and closes the socket`, async () => {
    await using server = await startFaultServer({ fault: () => ({ kind: 'cut', at: 'body', how: 'stall' }) });
    const controller = new AbortController();
    const call = createFetch({ ...options, timeout: false })(server.url, { signal: controller.signal });
    const outcome = errorOf(call);
    await eventually(() => expect(server.requests).toHaveLength(1));
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await outcome).toBe(reason);
    expect(callReport(reason)).toMatchObject({
      stopped: 'aborted',
      delivery: expect.stringMatching(/unknown|answered/),
    });
    await eventually(() => expect(server.openSockets).toBe(0));
  });

  test(`${name}: an abort while a compressed body is checked is no different`, async () => {
    // Few bytes on the wire, and slow to decode.
    const bytes = gzipSync(Buffer.alloc(24 * 2 ** 20));
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes);
      response.on('finish', () => setTimeout(() => controller.abort('enough'), 10));
    });
    const controller = new AbortController();
    const buffered = createFetch({ ...options, buffer: 2 ** 27 });
    expect(await errorOf(buffered(server.url, { signal: controller.signal }))).toBe('enough');
  });

  test(`${name}: the total deadline ends a body that is buffered`, async () => {
    await using server = await startFaultServer({
      fault: () => ({ kind: 'drip', of: 'body', pieces: 30, gap: 10 }),
    });
    const error = await errorOf(
      createFetch({ ...options, timeout: { idle: 1_000, total: 100 } })(server.url),
    );
    expect(error).toMatchObject({ name: 'TimeoutError', phase: 'total' });
    expect(callReport(error)).toMatchObject({
      stopped: 'deadline',
      attempts: [{ status: 200, delivery: 'answered', reason: 'timeout' }],
    });
    await eventually(() => expect(server.openSockets).toBe(0));
  });

  test(`${name}: an error body that breaks is retried like any other`, async () => {
    const fault: Fault = { kind: 'cut', at: 'body', how: 'close', answer: { status: 404 } };
    await using server = await startFaultServer({ faults: [fault] });
    const response = await createFetch(options)(server.url);
    expect(response.status).toBe(200);
    expect(callReport(response)?.attempts[0]).toMatchObject({ status: 404, reason: 'network' });
  });

  test(`${name}: exhausted retries throw the last body's own error`, async () => {
    await using server = await startFaultServer({ fault: () => ({ kind: 'cut', at: 'body', how: 'close' }) });
    const error = await errorOf(createFetch({ ...options, retry: { attempts: 2, base: 1 } })(server.url));
    expect(error).toBeInstanceOf(TypeError);
    expect(callReport(error)).toMatchObject({ stopped: 'attempts', delivery: 'answered' });
    expect(server.requests).toHaveLength(2);
  });
}

async function describe(response: Response) {
  const { status, statusText, ok, url, redirected, type } = response;
  const headers = [...response.headers].filter(([name]) => name !== 'date');
  return { status, statusText, ok, url, redirected, type, headers, text: await response.text() };
}

const text = 'a text that compresses well, well, well. '.repeat(100);
const codings = [
  { coding: 'gzip', bytes: gzipSync(text) },
  { coding: 'x-gzip', bytes: gzipSync(text) },
  { coding: 'GZIP', bytes: gzipSync(text) },
  { coding: 'br', bytes: brotliCompressSync(text) },
  { coding: 'deflate', bytes: deflateSync(text) },
  { coding: 'deflate (raw)', bytes: deflateRawSync(text) },
];

test.each(codings)(
  'a $coding body that is cut short within correct framing is retried',
  async ({ coding, bytes }) => {
    const encoding = coding.split(' ')[0] ?? '';
    for (const [name, cut] of [
      ['half', bytes.length / 2],
      ['all but a byte', bytes.length - 1],
    ] as const) {
      let requests = 0;
      await using server = await serve((_request, response) => {
        response.writeHead(200, { 'content-encoding': encoding });
        response.end(requests++ === 0 ? bytes.subarray(0, cut) : bytes);
      });
      const response = await createFetch(quick)(server.url);
      expect(await response.text(), name).toBe(text);
      expect(callReport(response)?.attempts[0]).toMatchObject({ status: 200, reason: 'network' });
      expect(requests).toBe(2);
    }
  },
);

test.each(codings)('a whole $coding body is taken at once', async ({ coding, bytes }) => {
  await using server = await serve((_request, response) => {
    response.writeHead(200, { 'content-encoding': coding.split(' ')[0] ?? '' });
    response.end(bytes);
  });
  const response = await createFetch(quick)(server.url);
  expect(await response.text()).toBe(text);
  expect(callReport(response)?.attempts).toHaveLength(1);
});

test.each(['identity', 'gzip, br', 'constructor', 'made-up'])(
  'a coding that cannot be told whole (%s) passes',
  async (coding) => {
    const bytes = coding === 'gzip, br' ? brotliCompressSync(gzipSync(text)) : Buffer.from(text);
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': coding });
      response.end(bytes);
    });
    const response = await createFetch(quick)(server.url);
    expect(await response.text()).toBe(text);
    expect(callReport(response)?.attempts).toHaveLength(1);
  },
);

test.each(transports)(
  '$name: a stream of events is not buffered: it comes as it is sent',
  async ({ options }) => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write('data: 1\n\n');
    });
    const response = await createFetch({ ...options, timeout: { total: 1_000 } })(server.url);
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(new TextDecoder().decode(value)).toBe('data: 1\n\n');
  },
);

test('a gzip body of no bytes, and a HEAD with a length and a coding, are no broken bodies', async () => {
  await using server = await serve((request, response) => {
    const length = request.method === 'HEAD' ? '123' : '0';
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': length }).end();
  });
  const api = createFetch({ ...quick, retry: false });
  expect(await (await api(server.url)).text()).toBe('');
  expect((await api(server.url, { method: 'HEAD' })).headers.get('content-length')).toBe('123');
});

test("without buffer a broken body is the caller's to see", async () => {
  await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'body', how: 'close' }] });
  const response = await createFetch({ ...quick, buffer: false })(server.url);
  const error = await errorOf(response.text());
  expect(error).toMatchObject({ message: 'terminated' });
  expect(callReport(error)?.id).toBe(callReport(response)?.id);
  expect(server.requests).toHaveLength(1);
});
