import { Agent, type Dispatcher, getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callReport, createFetch, type DispatcherLike, type Options } from '../../src/index.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Answer, Fault } from '../support/faults.ts';

const quick: Options = { retry: { base: 1, cap: 1 } };
const redirect: Answer = { status: 307, headers: { location: '/there' } };

let dispatcher: Agent;
beforeEach(() => {
  // An unused connection closes at once, so a connection that stays open is in use, or lost.
  dispatcher = new Agent({ keepAliveTimeout: 10 });
});
afterEach(() => dispatcher.destroy());

test('a redirect whose body is large leaves no connection behind', async () => {
  await using server = await startFaultServer({
    fault: ({ path }) => (path === '/here' ? { kind: 'answer', ...redirect, bytes: 4 * 2 ** 20 } : undefined),
  });
  const api = createFetch({ ...quick, dispatcher });
  for (let i = 0; i < 4; i++) {
    const response = await api(`${server.url}/here`);
    expect(response).toMatchObject({ status: 200, redirected: true, url: `${server.url}/there` });
    await response.text();
  }
  await eventually(() => expect(server.openSockets).toBe(0));
});

test.each(['close', 'reset', 'stall'] as const)(
  'a redirect whose body comes to nothing (%s) is followed all the same',
  async (how) => {
    const cut: Fault = { kind: 'cut', at: 'body', how, answer: { ...redirect, bytes: 1_000 } };
    await using server = await startFaultServer({ faults: [cut] });
    const response = await createFetch({ ...quick, dispatcher })(server.url);
    expect(response).toMatchObject({ status: 200, redirected: true });
    await response.text();
    await eventually(() => expect(server.openSockets).toBe(0));
  },
);

test('a redirect that is refused is not retried, counts for nothing, and its connection is closed', async () => {
  const stalled: Fault = { kind: 'cut', at: 'body', how: 'stall', answer: { ...redirect, bytes: 1_000 } };
  await using server = await startFaultServer({ fault: () => stalled });
  const api = createFetch({ ...quick, dispatcher, breaker: { minimum: 1 } });
  const error = await errorOf(api(server.url, { redirect: 'error' }));
  expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  expect(callReport(error)).toMatchObject({
    stopped: 'policy',
    delivery: 'answered',
    attempts: [{ status: 307, reason: 'invalid' }],
  });
  expect(api.breakers.get(server.url)?.state).toBe('closed');
  await eventually(() => expect(server.openSockets).toBe(0));
});

test('a redirect to a server that does not answer: the attempt clock covers both', async () => {
  await using silent = await startFaultServer({
    fault: () => ({ kind: 'cut', at: 'request', how: 'stall' }),
  });
  const away = { ...redirect, headers: { location: silent.url } };
  await using server = await startFaultServer({ faults: [{ kind: 'answer', ...away }] });
  const api = createFetch({ dispatcher, retry: false, timeout: { attempt: 80 } });
  const error = await errorOf(api(server.url));
  expect(error).toMatchObject({ name: 'TimeoutError', phase: 'attempt' });
  expect(callReport(error)).toMatchObject({ delivery: 'unknown' });
  await eventually(() => expect(silent.openSockets).toBe(0));
});

test.each(['times out', 'is aborted'])(
  'a call that %s while it waits for a connection is never sent, and the connection lives on',
  async (how) => {
    await using server = await startFaultServer({
      fault: ({ path }) => (path === '/slow' ? { kind: 'slow', at: 'request', ms: 150 } : undefined),
    });
    await using narrow = new DisposableAgent({ connections: 1 });
    const api = createFetch({ dispatcher: narrow, retry: false });
    const controller = new AbortController();
    const { signal } = controller;
    const init = how === 'is aborted' ? { signal } : { policy: { timeout: { attempt: 30 } } };
    const slow = api(`${server.url}/slow`);
    await eventually(() => expect(server.requests).toHaveLength(1));
    const late = errorOf(api(`${server.url}/late`, { ...init, method: 'POST', body: 'x' }));
    controller.abort();
    expect(callReport(await late)).toMatchObject({ delivery: 'not-sent' });
    expect(await (await slow).json()).toMatchObject({ ok: true });
    await (await api(`${server.url}/next`)).text();
    expect(server.requests.map(({ path }) => path)).toEqual(['/slow', '/next']);
    expect(server.connections).toBe(1);
  },
);

async function* failing(before: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < before; i++) yield Buffer.alloc(1_000, 'x');
  throw Object.assign(new Error('the disk is gone'), { code: 'ECONNRESET' });
}

const sources = {
  'a stream': (before: number) => ReadableStream.from(failing(before)),
  'an async iterable': (before: number) => failing(before) as never,
};

for (const [source, make] of Object.entries(sources)) {
  test.each([0, 1, 50])(
    `${source} as request body that throws after %i chunks is not retried, and no fault of the dependency`,
    async (chunks) => {
      await using server = await startFaultServer();
      const api = createFetch({ ...quick, dispatcher, breaker: { minimum: 1 } });
      const init = { method: 'PUT', body: () => make(chunks), duplex: 'half' as const };
      const error = await errorOf(api(server.url, init));
      expect(error).toMatchObject({ message: 'fetch failed', cause: { message: 'the disk is gone' } });
      expect(callReport(error)).toMatchObject({ stopped: 'body', attempts: [{ reason: 'body' }] });
      expect(api.breakers.get(server.url)?.state).toBe('closed');
      expect(server.requests).toHaveLength(0);
      await eventually(() => expect(server.openSockets).toBe(0));
    },
  );
}

test("a request body that throws with `buffer` on is the caller's fault, too", async () => {
  await using server = await startFaultServer({
    faults: [{ kind: 'cut', at: 'head', how: 'stall' }],
  });
  const api = createFetch({ ...quick, dispatcher, buffer: 1_000 });
  const error = await errorOf(
    api(server.url, { method: 'PUT', body: () => sources['a stream'](3), duplex: 'half' }),
  );
  expect(callReport(error)).toMatchObject({ stopped: 'body' });
});

test("undici's own limits do not cut a call to which more time was given; with timeout: false they apply", async () => {
  await using server = await startFaultServer();
  const seen: unknown[] = [];
  const recording: DispatcherLike = {
    dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
      seen.push({ headers: options.headersTimeout, body: options.bodyTimeout });
      return dispatcher.dispatch(options, handler);
    },
  };
  await createFetch({ dispatcher: recording })(server.url);
  await createFetch({ dispatcher: recording, timeout: false })(server.url);
  expect(seen).toEqual([
    { headers: 0, body: 0 },
    { headers: undefined, body: undefined },
  ]);
});

test('MockAgent answers, fails and is slow like a network', async () => {
  const mock = new MockAgent();
  mock.disableNetConnect();
  const previous = getGlobalDispatcher();
  setGlobalDispatcher(mock);
  try {
    const pool = mock.get('http://mock.test');
    pool.intercept({ path: '/', method: 'POST' }).reply(503, 'busy');
    pool
      .intercept({ path: '/', method: 'POST' })
      .replyWithError(Object.assign(new Error('x'), { code: 'ECONNRESET' }));
    pool.intercept({ path: '/', method: 'POST' }).reply(200, 'late').delay(5_000);
    pool.intercept({ path: '/', method: 'POST' }).reply(201, { ok: true }, { headers: { 'x-a': '1' } });
    const api = createFetch({ ...quick, timeout: { attempt: 50 }, buffer: 1_000 });
    const response = await api('http://mock.test/', { method: 'POST', body: 'x' });
    expect(response.headers.get('x-a')).toBe('1');
    expect(await response.json()).toEqual({ ok: true });
    expect(callReport(response)?.attempts.map(({ reason }) => reason)).toEqual([
      'status',
      'network',
      'timeout',
      'success',
    ]);
    const unmatched = await errorOf(api('http://mock.test/other'));
    expect(callReport(unmatched)).toMatchObject({ stopped: 'policy', attempts: [{ reason: 'invalid' }] });
  } finally {
    setGlobalDispatcher(previous);
    await mock.close();
  }
});

class DisposableAgent extends Agent {
  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }
}
