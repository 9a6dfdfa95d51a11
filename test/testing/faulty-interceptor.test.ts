import { Readable } from 'node:stream';
import { Agent, type Dispatcher, MockAgent, request, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callReport } from '../../src/call/report.ts';
import { createFetch } from '../../src/fetch/create-fetch.ts';
import { type FaultKind, type FaultRule, type FaultyFetch, faults } from '../../src/testing/index.ts';
import { errorOf } from '../support/error-of.ts';
import { type FaultServer, startFaultServer } from '../support/fault-server.ts';

let server: FaultServer;
const agent = new Agent();
beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(async () => {
  await agent.destroy();
  await server[Symbol.asyncDispose]();
});

let order = 0;
const post = () => ({
  method: 'POST' as const,
  headers: { 'x-order': String(++order), 'idempotency-key': `k${order}` },
});
const effects = () => server.effects(String(order));

/** A dispatcher whose requests fail like this. */
function failing(rule: FaultRule): Dispatcher {
  return agent.compose(faults({ seed: 1, rules: [rule] }).interceptor);
}

/** What a handler of undici 8's language hears. @param on what it does then */
function heard(
  dispatcher: Dispatcher,
  options: Partial<Dispatcher.DispatchOptions> = {},
  on: Partial<Record<string, (controller: Dispatcher.DispatchController) => void>> = {},
) {
  const told: string[] = [];
  const pieces: string[] = [];
  const done = new Promise<Error | undefined>((resolve) => {
    const tell = (name: string, controller: Dispatcher.DispatchController) => {
      told.push(name);
      on[name]?.(controller);
    };
    dispatcher.dispatch(
      { origin: server.url, path: '/', method: 'GET', ...options },
      {
        onRequestStart: (controller) => tell('start', controller),
        onResponseStart: (controller, status) => tell(`${status}`, controller),
        onResponseData(controller, chunk) {
          pieces.push(String(chunk));
          tell('data', controller);
        },
        onResponseEnd(controller) {
          tell('end', controller);
          resolve(undefined);
        },
        onResponseError(_controller, error) {
          told.push('error');
          resolve(error);
        },
      },
    );
  });
  return { told, pieces, done };
}

/** The ways to send through a dispatcher. Each gives the status, the length of the body, or the code of the error. */
const ways: Record<string, (dispatcher: Dispatcher) => Promise<unknown>> = {
  'undici.request': async (dispatcher) => {
    const { statusCode, body } = await request(server.url, { ...post(), dispatcher });
    await body.text();
    return statusCode;
  },
  'undici’s fetch': async (dispatcher) => {
    const response = await undiciFetch(server.url, { ...post(), dispatcher });
    await response.text();
    return response.status;
  },
  'a client': async (dispatcher) => {
    const api = createFetch({ dispatcher: dispatcher as never, retry: false });
    const response = await api(server.url, post());
    await response.text();
    return response.status;
  },
};

describe.each(Object.entries(ways))('a dispatcher that fails as told, under %s', (_name, send) => {
  const outcome = (rule: FaultRule) =>
    send(failing(rule)).catch((error) => error.code ?? error.cause?.code ?? error.cause?.cause?.code);

  it.each<[FaultKind, unknown, number]>([
    ['refuse', 'ECONNREFUSED', 0],
    ['reset-before', 'ECONNRESET', 0],
    ['reset-after', 'ECONNRESET', 1],
    ['status', 503, 0],
    ['truncate', 'UND_ERR_SOCKET', 1],
    ['drip', 201, 1],
  ])('%s gives %s, and leaves %i effects', async (fault, seen, done) => {
    expect(await outcome({ fault, gap: 0 })).toBe(seen);
    expect(effects()).toBe(done);
  });

  it('carries whatever has no fault', async () => {
    const flaky = faults({ seed: 1 });
    expect(await send(agent.compose(flaky.interceptor))).toBe(201);
    expect(flaky.log).toEqual([{ number: 1, method: 'POST', url: `${server.url}/`, fault: 'none' }]);
  });
});

describe('a stall', () => {
  it('has the work done, and ends with the headers timeout', async () => {
    const sent = { ...post(), dispatcher: failing({ fault: 'stall' }), headersTimeout: 30 };
    const error = await errorOf(request(server.url, sent));
    expect(error).toMatchObject({ name: 'HeadersTimeoutError', code: 'UND_ERR_HEADERS_TIMEOUT' });
    expect(effects()).toBe(1);
  });

  it('ends by an abort, with its reason', async () => {
    const abort = new AbortController();
    const sent = { ...post(), dispatcher: failing({ fault: 'stall' }), signal: abort.signal };
    const call = errorOf(request(server.url, sent));
    await expect.poll(effects).toBe(1);
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await call).toBe(reason);
  });

  it('ends a client’s attempt by its timeout, with unknown delivery', async () => {
    const dispatcher = failing({ fault: 'stall' }) as never;
    const api = createFetch({ dispatcher, retry: false, timeout: { attempt: 30 } });
    const error = await errorOf(api(server.url, post()));
    expect(callReport(error)).toMatchObject({ delivery: 'unknown', attempts: [{ reason: 'timeout' }] });
  });
});

describe('the handler of undici 8’s language', () => {
  it('hears of a refused connection without a start', async () => {
    const { told, done } = heard(failing({ fault: 'refuse' }));
    expect(told).toEqual([]); // A dispatcher does not call back before it has returned.
    expect(await done).toMatchObject({ code: 'ECONNREFUSED' });
    expect(told).toEqual(['error']);
  });

  it('hears of nothing after a lost response', async () => {
    const { told, done } = heard(failing({ fault: 'reset-after' }));
    expect(await done).toMatchObject({ code: 'ECONNRESET' });
    expect(told).toEqual(['start', 'error']);
  });

  it('gets a body up to the break', async () => {
    const { told, pieces, done } = heard(failing({ fault: 'truncate', bytes: 3 }));
    expect(await done).toMatchObject({ name: 'SocketError', code: 'UND_ERR_SOCKET' });
    expect(pieces.join('')).toHaveLength(3);
    expect(told.at(-1)).toBe('error');
  });

  it('gets no broken body where there is none', async () => {
    const { told, done } = heard(failing({ fault: 'truncate' }), { method: 'HEAD' });
    expect(await done).toBeUndefined();
    expect(told).toEqual(['start', '200', 'end']);
  });

  it('gets a dripping body whole, and not while it pauses', async () => {
    const whole = heard(agent);
    await whole.done;
    let paused: Dispatcher.DispatchController | undefined;
    const on = {
      data(controller: Dispatcher.DispatchController) {
        if (paused !== undefined) return;
        paused = controller;
        controller.pause();
      },
    };
    const { pieces, done } = heard(failing({ fault: 'drip', bytes: 1, gap: 0 }), {}, on);
    await expect.poll(() => paused).toBeDefined();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
    expect(pieces).toHaveLength(1);
    paused?.resume();
    expect(await done).toBeUndefined();
    expect(pieces).toEqual([...whole.pieces.join('')]);
  });

  it.each<FaultKind>(['drip', 'stall', 'truncate', 'status'])('can abort a %s', async (fault) => {
    const reason = new Error('enough');
    const { told, done } = heard(
      failing({ fault, bytes: 1, gap: 0 }),
      {},
      { start: (own) => own.abort(reason) },
    );
    expect(await done).toBe(reason);
    expect(told).toEqual(['start', 'error']);
  });

  it('hears its own error if it throws at the beginning', async () => {
    const thrown = new Error('not wanted');
    const on = {
      start() {
        throw thrown;
      },
    };
    expect(await heard(failing({ fault: 'reset-before' }), {}, on).done).toBe(thrown);
    expect(await heard(failing({ fault: 'drip' }), {}, on).done).toBe(thrown);
  });
});

describe('the faults of a dispatcher', () => {
  const run = async (flaky: FaultyFetch, send: (url: string) => Promise<unknown>) => {
    for (let call = 0; call < 60; call++) await send(`http://127.0.0.1:1/${call}`).catch(() => {});
    return flaky.log;
  };
  const options = {
    seed: 7,
    rules: [{ fault: 'status', share: 0.2, burst: 2 }, { fault: 'refuse' }],
  } as const;

  it('are those of a fetch with the same seed and the same requests', async () => {
    const [one, other] = [faults(options), faults(options)];
    const dispatcher = agent.compose(other.interceptor);
    const log = await run(one, (url) => one(url));
    expect(new Set(log.map(({ fault }) => fault))).toEqual(new Set(['status', 'refuse']));
    expect(await run(other, (url) => request(url, { dispatcher }))).toEqual(log);
  });

  it('tell a client that a refused request was not sent: a POST without a key is repeated', async () => {
    const flaky = faults({ seed: 1 });
    const dispatcher = agent.compose(flaky.interceptor) as never;
    const api = createFetch({ dispatcher, idempotency: false, retry: { base: 0, cap: 0 } });
    flaky.next('refuse');
    const response = await api(server.url, post());
    expect(callReport(response)?.attempts.map(({ delivery }) => delivery)).toEqual(['not-sent', 'answered']);
    flaky.next('reset-before');
    const error = await errorOf(api(server.url, post()));
    expect(callReport(error)).toMatchObject({ stopped: 'unsafe', delivery: 'unknown' });
  });

  it.each<FaultKind>(['status', 'reset-before', 'truncate', 'drip'])(
    'come before the answers of a MockAgent: %s',
    async (fault) => {
      const mock = new MockAgent();
      mock.disableNetConnect();
      mock.get('http://api.example').intercept({ path: '/items' }).reply(200, 'items').persist();
      const flaky = faults({ seed: 1 });
      const dispatcher = mock.compose(flaky.interceptor) as never;
      const api = createFetch({ dispatcher, retry: { base: 0, cap: 0 }, buffer: 100 });
      flaky.next({ fault, gap: 0 });
      const response = await api('http://api.example/items');
      expect(await response.text()).toBe('items');
      expect(callReport(response)?.attempts).toHaveLength(fault === 'drip' ? 1 : 2);
      await mock.close();
    },
  );

  it('spend a stream that a proxy has answered before', async () => {
    const body = Readable.from(['one', 'two']);
    const dispatcher = failing({ fault: 'status' });
    const { statusCode } = await request(server.url, { method: 'POST', body, dispatcher });
    expect([statusCode, body.destroyed]).toEqual([503, true]);
  });

  it('leave a tunnel alone', async () => {
    const flaky = faults({ seed: 1, rules: [{ fault: 'refuse' }] });
    let options: unknown;
    const dispatch = flaky.interceptor((given: Dispatcher.DispatchOptions, _handler: object) => {
      options = given;
      return true;
    });
    const tunnel = { origin: 'http://service.test', path: '/', method: 'CONNECT' } as const;
    expect(dispatch(tunnel, {})).toBe(true);
    expect([options, flaky.log]).toEqual([tunnel, []]);
  });
});
