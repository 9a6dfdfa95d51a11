import { createServer as createTcpServer, type Socket } from 'node:net';
import { Agent } from 'undici';
import { expect, test } from 'vitest';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { errorOf } from '../support/error-of.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { startH2Server } from '../support/h2-server.ts';
import { listenOnPort } from '../support/listen.ts';
import { expired, localhost } from '../support/tls.ts';

/** One attempt of a POST that no key protects. */
const once: Options = { retry: false, idempotency: false, timeout: { attempt: 1_000 } };
/** Two attempts: a transient failure is retried. */
const twice: Options = { ...once, retry: { attempts: 2, base: 1, cap: 1 } };
const post = { method: 'POST', body: 'x' };

/** The outcome of a POST with these options. */
async function outcome(url: string, options: Options) {
  const report = callReport(await errorOf(createFetch(options)(url, post)));
  return {
    delivery: report?.delivery,
    stopped: report?.stopped,
    codes: report?.attempts.map(({ error }) => error?.code),
  };
}

test('a refused connection: not sent', async () => {
  await using server = await startFaultServer();
  await server.refuse();
  const error = await errorOf(createFetch(once)(server.url, post));
  expect(callReport(error)).toMatchObject({
    delivery: 'not-sent',
    attempts: [
      { delivery: 'not-sent', reason: 'network', error: { name: 'TypeError', code: 'ECONNREFUSED' } },
    ],
  });
});

test('a refused POST is retried even where the server ignores keys: it was certainly not sent', async () => {
  await using server = await startFaultServer({ honourKeys: false });
  await server.refuse();
  const api = createFetch({ idempotency: false, retry: { base: 40, cap: 40 } });
  const call = api(server.url, { method: 'POST', body: 'x' });
  await new Promise<void>((resolve) => {
    const off = api.on('retry', () => {
      off();
      resolve();
    });
  });
  await server.listenAgain();
  const response = await call;
  expect(response.status).toBe(201);
  expect(server.effects('x')).toBe(1);
  expect(callReport(response)?.attempts[0]).toMatchObject({ delivery: 'not-sent' });
});

const lookup = (code: string) => (_host: string, _options: unknown, done: (error: Error) => void) =>
  done(Object.assign(new Error(`getaddrinfo ${code}`), { code }));

test.each(['ENOTFOUND', 'EAI_AGAIN'])(
  'a name that is not resolved (%s): not sent, and tried again',
  async (code) => {
    await using dispatcher = new DisposableAgent({ connect: { lookup: lookup(code) as never } });
    expect(await outcome('http://nowhere.test/', { ...twice, dispatcher })).toEqual({
      delivery: 'not-sent',
      stopped: 'attempts',
      codes: [code, code],
    });
  },
);

test('a connection that is not made within the attempt: not sent', async () => {
  await using dispatcher = new DisposableAgent({ connect: () => {} });
  expect(await outcome('http://nowhere.test/', { ...once, dispatcher, timeout: { attempt: 40 } })).toEqual({
    delivery: 'not-sent',
    stopped: 'attempts',
    codes: ['ERR_STEADFETCH_TIMEOUT'],
  });
});

const failing = (error: Error) => (_options: unknown, done: (error: Error, socket: null) => void) =>
  done(error, null);

test.each([
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ECONNRESET',
  'UND_ERR_CONNECT_TIMEOUT',
])('a connection that fails with %s: not sent, and tried again', async (code) => {
  const error = Object.assign(new Error('no connection'), { code });
  await using dispatcher = new DisposableAgent({ connect: failing(error) as never });
  expect(await outcome('http://nowhere.test/', { ...twice, dispatcher })).toEqual({
    delivery: 'not-sent',
    stopped: 'attempts',
    codes: [code, code],
  });
});

async function startTcpServer(serve: (socket: Socket) => void): Promise<AsyncDisposable & { host: string }> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {}).resume();
    serve(socket);
  });
  const port = await listenOnPort(server);
  return {
    host: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

test('a server that hangs up within the TLS handshake: not sent, and tried again', async () => {
  await using server = await startTcpServer((socket) => socket.destroy());
  expect(await outcome(`https://${server.host}`, twice)).toEqual({
    delivery: 'not-sent',
    stopped: 'attempts',
    codes: ['ECONNRESET', 'ECONNRESET'],
  });
});

const untrusted = [
  { what: 'has expired', certificate: expired, connect: { ca: expired.cert }, code: 'CERT_HAS_EXPIRED' },
  { what: 'is self-signed', certificate: localhost, connect: {}, code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  {
    what: 'is for another name',
    certificate: localhost,
    connect: { ca: localhost.cert, servername: 'other.example' },
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
] as const;

test.each(untrusted)(
  'a certificate that $what: not sent, and not tried again',
  async ({ certificate, connect, code }) => {
    await using server = await startH2Server({ certificate });
    await using dispatcher = new DisposableAgent({ connect });
    expect(await outcome(server.url, { ...twice, dispatcher })).toEqual({
      delivery: 'not-sent',
      stopped: 'policy',
      codes: [code],
    });
    expect(server.requests).toHaveLength(0);
  },
);

test('a server that speaks no TLS: not sent, and not tried again', async () => {
  await using server = await startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const { delivery, stopped, codes } = await outcome(`https://${server.host}`, twice);
  expect({ delivery, stopped }).toEqual({ delivery: 'not-sent', stopped: 'policy' });
  // The code depends on OpenSSL's version.
  expect(codes).toEqual([expect.stringMatching(/^(ERR_SSL_|EPROTO)/)]);
});

test('plain HTTP to a server that speaks TLS: the bytes have left, so it is unknown', async () => {
  await using server = await startH2Server();
  expect(await outcome(server.url.replace('https:', 'http:'), once)).toMatchObject({ delivery: 'unknown' });
  expect(server.requests).toHaveLength(0);
});

const steps = ['first-byte', 'head', 'request', 'booked', 'status-line'] as const;
const ends = ['close', 'reset', 'stall'] as const;
const cuts = steps.flatMap((at) => ends.map((how) => ({ at, how })));

test.each(cuts)('a conversation that ends before the headers is unknown: $at, $how', async (cut) => {
  await using server = await startFaultServer({ faults: [{ kind: 'ok' }, { kind: 'cut', ...cut }] });
  await using dispatcher = new DisposableAgent({ connections: 1 });
  // The connection is open already, so the timeout covers only the answer.
  await (await createFetch({ dispatcher })(server.url)).text();
  expect(await outcome(server.url, { ...twice, dispatcher, timeout: { attempt: 100 } })).toMatchObject({
    delivery: 'unknown',
    stopped: 'unsafe',
  });
});

test('a server that accepts and reads nothing: the request may have arrived, so it is unknown', async () => {
  await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'accept', how: 'stall' }] });
  const options = { ...twice, timeout: { attempt: 300 } };
  expect(await outcome(server.url, options)).toMatchObject({ delivery: 'unknown', stopped: 'unsafe' });
});

test.each([
  ['a status line', { kind: 'garbage', where: 'status-line' }, 'unknown'],
  ['a chunk', { kind: 'garbage', where: 'chunk-length' }, 'answered'],
] as const)(
  'what is no HTTP instead of %s is not tried again, even with a key',
  async (_what, fault, delivery) => {
    await using server = await startFaultServer({ faults: [fault] });
    const error = await errorOf(createFetch({ buffer: 1_000 })(server.url, post));
    expect(callReport(error)).toMatchObject({
      delivery,
      stopped: 'policy',
      attempts: [{ reason: 'network' }],
    });
  },
);

test('keep-alive connections that close as the next request comes: not sent is only said of what never came', async () => {
  let received = '';
  await using server = await startTcpServer((socket) => {
    socket.on('data', (bytes) => {
      received += bytes;
      // The server promises to keep the connection and closes it, but still reads the incoming bytes.
      if (socket.writable) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  await using dispatcher = new DisposableAgent({ connections: 1 });
  const api = createFetch({ ...once, dispatcher });
  const told = new Map<number, unknown>();
  for (let order = 100; order < 150; order++) {
    const init = { ...post, headers: { 'x-order': `${order}` } };
    const result = await api(`http://${server.host}`, init).catch((error: unknown) => error);
    told.set(order, callReport(result)?.delivery);
    if (result instanceof Response) await result.text();
  }
  for (const [order, delivery] of told) {
    if (delivery === 'not-sent') expect(received).not.toContain(`x-order: ${order}`);
    if (delivery === 'answered') expect(received).toContain(`x-order: ${order}`);
  }
  expect([...told.values()]).toContain('answered');
});

test('a redirect that was followed counts: the first request left, though the second was refused', async () => {
  await using gone = await startFaultServer();
  await gone.refuse();
  const redirect: Fault = { kind: 'answer', status: 307, headers: { location: gone.url } };
  await using server = await startFaultServer({ faults: [redirect] });
  expect(await outcome(server.url, twice)).toEqual({
    delivery: 'unknown',
    stopped: 'unsafe',
    codes: ['ECONNREFUSED'],
  });
  expect(server.requests).toHaveLength(1);
});

test('a dispatcher that was destroyed: not sent, and not tried again', async () => {
  await using server = await startFaultServer();
  const dispatcher = new Agent();
  await dispatcher.destroy();
  expect(await outcome(server.url, { ...twice, dispatcher })).toEqual({
    delivery: 'not-sent',
    stopped: 'policy',
    codes: ['UND_ERR_DESTROYED'],
  });
});

class DisposableAgent extends Agent {
  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }
}
