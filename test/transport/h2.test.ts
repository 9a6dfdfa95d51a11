import { constants, createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { Agent } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { type H2Fault, startH2Server } from '../support/h2-server.ts';
import { listenOnPort } from '../support/listen.ts';
import { localhost } from '../support/tls.ts';
import { isBefore8 } from '../support/users-undici.ts';

const quick: Options = { retry: { base: 1, cap: 1 }, breaker: false };
const post = { method: 'POST', body: 'order 7' };

let dispatcher: Agent;
beforeEach(() => {
  // One stream at a time, so that a second request has to wait.
  dispatcher = new Agent({
    allowH2: true,
    connect: { ca: localhost.cert },
    connections: 1,
    maxConcurrentStreams: 1,
  });
});
afterEach(() => dispatcher.destroy());

function client(options: Options = {}) {
  return createFetch({ ...quick, dispatcher, ...options });
}

type Named = readonly (readonly [string, H2Fault])[];

/** The server says that it has not processed the request: to ask again is safe (RFC 9113, section 8.7). */
const unprocessed: Named = [
  ['REFUSED_STREAM', { kind: 'refuse-stream' }],
  ['a GOAWAY that leaves the request out', { kind: 'goaway', processed: false }],
];
const processed: Named = [
  ['a GOAWAY with an error', { kind: 'goaway', processed: true, code: constants.NGHTTP2_INTERNAL_ERROR }],
  [
    'a stream that is reset (INTERNAL_ERROR)',
    { kind: 'reset-stream', code: constants.NGHTTP2_INTERNAL_ERROR },
  ],
  ['a stream that is reset (CANCEL)', { kind: 'reset-stream', code: constants.NGHTTP2_CANCEL }],
  ['a stream that is reset (NO_ERROR)', { kind: 'reset-stream', code: constants.NGHTTP2_NO_ERROR }],
  [
    'a stream that is reset (ENHANCE_YOUR_CALM)',
    { kind: 'reset-stream', code: constants.NGHTTP2_ENHANCE_YOUR_CALM },
  ],
  ['a connection that breaks', { kind: 'drop', at: 'request' }],
];

/** undici 8 asks again by itself, once; 7 leaves it to others. */
const asksAgain = !isBefore8;
const faults = asksAgain ? processed : [...unprocessed, ...processed];

test.each(asksAgain ? unprocessed : [])(
  'HTTP/2, %s: undici asks again in the same attempt, with or without a key',
  async (_name, fault) => {
    await using server = await startH2Server();
    for (const idempotency of ['default', false] as const) {
      const api = client({ idempotency });
      await (await api(server.url)).text();
      server.next(fault);
      const response = await api(server.url, post);
      expect(await response.json()).toMatchObject({ ok: true });
      expect(callReport(response)?.attempts).toMatchObject([{ delivery: 'answered', reason: 'success' }]);
    }
    expect(server.requests.filter(({ fault }) => fault.kind === 'ok')).toHaveLength(4);
  },
);

test.each(faults)(
  'HTTP/2, %s: bytes have left, so it is unknown, and not repeated without a key',
  async (_name, fault) => {
    await using server = await startH2Server();
    const api = client({ idempotency: false });
    // A GOAWAY can only name an earlier stream as its last.
    await (await api(server.url)).text();
    server.next(fault);
    const error = await api(server.url, post).catch((reason: unknown) => reason);
    expect(callReport(error)).toMatchObject({
      delivery: 'unknown',
      stopped: 'unsafe',
      attempts: [{ reason: 'network' }],
    });
  },
);

test.each(faults)('HTTP/2, %s: repeated with a key', async (_name, fault) => {
  await using server = await startH2Server();
  const api = client();
  await (await api(server.url)).text();
  server.next(fault);
  const response = await api(server.url, post);
  expect(await response.json()).toMatchObject({ ok: true });
  expect(callReport(response)?.attempts).toMatchObject([{ delivery: 'unknown' }, { delivery: 'answered' }]);
});

test('HTTP/2, a GOAWAY that covers the request: it is answered, or asked for again', async () => {
  await using server = await startH2Server();
  const api = client();
  await (await api(server.url)).text();
  server.next({ kind: 'goaway', processed: true });
  expect(await (await api(server.url, post)).json()).toMatchObject({ ok: true });
});

test('HTTP/2, a timed-out attempt resets its stream and leaves the connection to others', async () => {
  await using server = await startH2Server();
  const api = client({ timeout: { attempt: 150 } });
  server.next({ kind: 'stall' });
  const response = await api(server.url);
  expect(await response.json()).toMatchObject({ ok: true });
  expect(callReport(response)?.attempts).toMatchObject([
    { reason: 'timeout', delivery: 'unknown' },
    { reason: 'success' },
  ]);
  expect(server.connections).toBe(1);
});

test('HTTP/2, a request that waits for a stream until it times out: not sent, never sent later, no harm done', async () => {
  await using server = await startH2Server();
  const api = client({ retry: false });
  await (await api(server.url)).text();
  server.next({ kind: 'stall' });
  const slow = api(`${server.url}/slow`, { ...post, policy: { timeout: { attempt: 200 } } }).catch(
    (error: unknown) => error,
  );
  await eventually(() => expect(server.requests).toHaveLength(2));
  const error = await api(`${server.url}/late`, { ...post, policy: { timeout: { attempt: 40 } } }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'TimeoutError', phase: 'attempt' });
  expect(callReport(error)).toMatchObject({ delivery: 'not-sent' });
  await slow;
  await (await api(`${server.url}/next`, post)).text();
  expect(server.requests.map(({ path }) => path)).toEqual(['/', '/slow', '/next']);
  expect(server.connections).toBe(1);
});

test('HTTP/2, a call that is aborted while it waits for a stream is never sent, and does no harm', async () => {
  await using server = await startH2Server();
  const api = client({ retry: false });
  await (await api(server.url)).text();
  server.next({ kind: 'stall' });
  const end = new AbortController();
  const slow = api(`${server.url}/slow`, { ...post, signal: end.signal }).catch((error: unknown) => error);
  await eventually(() => expect(server.requests).toHaveLength(2));
  const error = await api(`${server.url}/late`, { ...post, signal: AbortSignal.timeout(30) }).catch(
    (reason: unknown) => reason,
  );
  expect(callReport(error)).toMatchObject({ delivery: 'not-sent', stopped: 'aborted' });
  end.abort();
  await slow;
  await (await api(`${server.url}/next`, post)).text();
  expect(server.requests.map(({ path }) => path)).toEqual(['/', '/slow', '/next']);
  expect(server.connections).toBe(1);
});

test.each(['headers', 'body'] as const)(
  'HTTP/2, a connection that breaks after the %s: retried with buffer',
  async (at) => {
    await using server = await startH2Server();
    server.next({ kind: 'drop', at });
    const response = await client({ buffer: 1_000 })(server.url, post);
    expect(await response.json()).toMatchObject({ ok: true });
    expect(callReport(response)?.attempts).toMatchObject([
      { status: 200, delivery: 'answered', reason: 'network' },
      { status: 200, delivery: 'answered', reason: 'success' },
    ]);
  },
);

test('HTTP/2, a body shorter than its content-length whose stream was cancelled: retried with buffer', async () => {
  let streams = 0;
  const server = createSecureServer({ ...localhost });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200, 'content-length': 10 });
    stream.write('12345');
    if (streams++ > 0) stream.end('67890');
    // Once the client has the first half.
    else stream.session?.ping(() => stream.close(constants.NGHTTP2_CANCEL));
  });
  const url = `https://127.0.0.1:${await listenOnPort(server)}`;
  const response = await client({ buffer: 1_000 })(url);
  expect(await response.text()).toBe('1234567890');
  expect(streams).toBe(2);
  await dispatcher.destroy();
  server.close();
});
