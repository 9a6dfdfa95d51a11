import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type CallReport,
  callReport,
  createFetch,
  type LimitError,
  type Priority,
  type SteadInit,
} from '../../src/index.ts';
import { callOptions, resilience } from '../../src/undici/index.ts';

/** A `fetch` that answers when the test says so, and a record of its calls. */
function stage() {
  const waiting: { path: string; answer(status?: number): void; fail(error: Error): void }[] = [];
  const seen = { most: 0, paths: [] as string[] };
  let inside = 0;
  const fetch = (input: unknown, init?: { signal?: AbortSignal | null | undefined }): Promise<Response> =>
    new Promise((resolve, reject) => {
      inside += 1;
      seen.most = Math.max(seen.most, inside);
      const path = new URL(String(input)).pathname;
      seen.paths.push(path);
      const over = () => {
        inside -= 1;
      };
      init?.signal?.addEventListener('abort', () => {
        over();
        reject(init.signal?.reason);
      });
      waiting.push({
        path,
        answer(status = 200) {
          over();
          resolve(new Response(null, { status }));
        },
        fail(error) {
          over();
          reject(error);
        },
      });
    });
  return { fetch, waiting, seen, next: () => waiting.shift() };
}

const settled = (call: Promise<unknown>): Promise<CallReport | undefined> =>
  call.then(callReport, callReport);
const errorOf = (call: Promise<unknown>): Promise<LimitError> =>
  call.then(
    () => expect.unreachable(),
    (error) => error,
  );
const ticks = () => new Promise((resolve) => setImmediate(resolve));

function client(options: object = {}, limit: object = { concurrency: 2, queue: 3 }) {
  const theatre = stage();
  const api = createFetch({ fetch: theatre.fetch as never, retry: false, limit, ...options });
  const call = (path: string, init?: SteadInit) => api(`http://service.test/${path}`, init);
  return { ...theatre, api, call };
}

describe('under a limit', () => {
  test('no more attempts are under way than may be; the others wait, and go in the order in which they came', async () => {
    const { call, next, seen, api } = client();
    const calls = ['a', 'b', 'c', 'd', 'e'].map((path) => call(path));
    await ticks();
    expect(seen.paths).toEqual(['/a', '/b']);
    expect(api.scopes()).toMatchObject([{ inFlight: 2, limit: 2, queued: 3, waiting: 3 }]);
    for (let i = 0; i < 5; i++) {
      next()?.answer();
      await ticks();
    }
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect([seen.most, seen.paths]).toEqual([2, ['/a', '/b', '/c', '/d', '/e']]);
    expect(api.scopes()).toMatchObject([{ inFlight: 0, queued: 0, waiting: 0, rejected: 0 }]);
  });

  test('a call that finds the queue full rejects at once with an error and a reason of its own; nothing was sent', async () => {
    const { call, api, seen } = client();
    const rejected: unknown[] = [];
    api.on('rejected', ({ by, number }) => rejected.push({ by, number }));
    for (const path of ['a', 'b', 'c', 'd', 'e']) call(path).catch(() => {});
    const error = await errorOf(call('f'));
    expect(error).toMatchObject({
      name: 'LimitError',
      code: 'ERR_STEADFETCH_LIMIT',
      scope: 'http://service.test',
      isQueueFull: true,
      message:
        'The limit of http://service.test is reached (limit.concurrency), and its queue is full (limit.queue)',
    });
    expect(callReport(error)).toMatchObject({ stopped: 'limit', delivery: 'not-sent', attempts: [] });
    expect([rejected, seen.paths]).toEqual([[{ by: 'limit', number: 1 }], ['/a', '/b']]);
    expect(api.scopes()).toMatchObject([{ rejected: 1 }]);
  });

  test('calls of a higher priority go first; one of a lower makes way in a full queue', async () => {
    const { call, next, seen } = client({}, { concurrency: 1, queue: 3 });
    call('inside').catch(() => {});
    const low = settled(call('low', { priority: 'low' }));
    for (const path of ['a', 'b']) call(path).catch(() => {});
    call('high', { priority: 'high' }).catch(() => {});
    expect(await low).toMatchObject({ stopped: 'limit', delivery: 'not-sent' });
    for (let i = 0; i < 4; i++) {
      next()?.answer();
      await ticks();
    }
    expect(seen.paths).toEqual(['/inside', '/high', '/a', '/b']);
  });

  test('a priority that is none is refused where only a quota has a queue, too', async () => {
    const api = createFetch({ fetch: async () => new Response(), quota: true });
    await expect(api('http://service.test/', { priority: 'urgent' as never })).rejects.toThrow(
      new TypeError('priority must be one of "high", "auto", "low", got "urgent"'),
    );
  });

  test('a priority that is none is refused before anything is sent', async () => {
    const { call, seen } = client();
    await expect(call('a', { priority: 'urgent' as never })).rejects.toThrow(
      new TypeError('priority must be one of "high", "auto", "low", got "urgent"'),
    );
    expect(() => callOptions({ priority: 'urgent' as never })).toThrow(TypeError);
    expect(seen.paths).toEqual([]);
  });

  test('an abort leaves the queue at once, with the caller’s own reason, and the next in line moves up', async () => {
    const { call, next, seen, api } = client({}, { concurrency: 1, queue: 2 });
    call('inside').catch(() => {});
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = call('aborted', { signal: controller.signal });
    const other = call('other');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect(callReport(reason)).toMatchObject({ stopped: 'aborted', delivery: 'not-sent' });
    expect(api.scopes()).toMatchObject([{ queued: 1, rejected: 0 }]);
    next()?.answer();
    await ticks();
    next()?.answer();
    await other;
    expect(seen.paths).toEqual(['/inside', '/other']);
  });

  test('whatever becomes of an attempt (an error, an abort, an answer that is refused), its place comes free', async () => {
    const { call, next, api } = client({ retry: { attempts: 1 } }, { concurrency: 1, queue: 0 });
    const controller = new AbortController();
    for (const end of [
      () => next()?.fail(new TypeError('fetch failed')),
      () => next()?.answer(500),
      () => controller.abort(),
    ]) {
      const one = call('a', { signal: controller.signal });
      end();
      await one.catch(() => {});
      expect(api.scopes()).toMatchObject([{ inFlight: 0 }]);
    }
    const last = call('last');
    expect(api.scopes()).toMatchObject([{ inFlight: 1, rejected: 0 }]);
    while (next()?.answer() !== undefined);
    await ticks();
    await Promise.race([last, ticks()]);
  });

  test('a retry waits for its turn, too, and one that finds no place leaves the answer in hand', async () => {
    const { call, next, seen } = client(
      { retry: { base: 0, cap: 0 }, breaker: false, budget: false },
      { concurrency: 1, queue: 1 },
    );
    const first = call('first');
    const second = call('second');
    next()?.answer(503);
    await vi.waitFor(() => expect(seen.paths).toEqual(['/first', '/second']));
    // The second call runs, and the retry of the first is in the queue, so a third call finds no place.
    expect(await settled(call('third'))).toMatchObject({ stopped: 'limit' });
    next()?.answer(200);
    await second;
    await vi.waitFor(() => expect(seen.paths).toEqual(['/first', '/second', '/first']));
    next()?.answer(200);
    expect(callReport(await first)?.attempts.map(({ status }) => status)).toEqual([503, 200]);
  });

  test('the event says what it waits for', async () => {
    const { call, api } = client({}, { concurrency: 1, queue: 2 });
    const events: unknown[] = [];
    api.on('queued', ({ by, number, inFlight, limit, queued, scope }) =>
      events.push({ by, number, inFlight, limit, queued, scope }),
    );
    for (const path of ['a', 'b', 'c', 'd']) call(path).catch(() => {});
    const common = { by: 'limit', number: 1, inFlight: 1, limit: 1, scope: 'http://service.test' };
    expect(events).toEqual([
      { ...common, queued: 0 },
      { ...common, queued: 1 },
    ]);
  });

  test('a limit that is updated holds for the next attempts, in either direction', async () => {
    const { call, api, seen, next } = client({}, { concurrency: 1, queue: 9 });
    const options = { retry: false } as const;
    for (const path of ['a', 'b', 'c']) call(path).catch(() => {});
    api.update({ ...options, limit: { concurrency: 3 } });
    call('d').catch(() => {});
    await ticks();
    // At once, and in their order: nothing has ended yet.
    expect(seen.paths).toEqual(['/a', '/b', '/c']);
    next()?.answer();
    await ticks();
    expect([seen.most, seen.paths.length]).toEqual([3, 4]);
    api.update({ ...options, limit: { concurrency: 1 } });
    call('e').catch(() => {});
    for (let i = 0; i < 2; i++) {
      next()?.answer();
      await ticks();
      expect(seen.paths.length).toBe(4);
    }
    next()?.answer();
    await ticks();
    expect(seen.paths.length).toBe(5);
  });

  test('a rule with a limit has a scope of its own; explain says so, and where each value comes from', () => {
    const key = 'https://a.example/reports/*';
    const api = createFetch({ limit: { queue: 5 }, endpoints: { [key]: { limit: { concurrency: 3 } } } });
    const { scope, values } = api.explain('GET', 'https://a.example/reports/1');
    expect(scope).toBe(key);
    expect(values).toMatchObject({
      'limit.concurrency': { value: 3, from: key },
      'limit.queue': { value: 5, from: 'createFetch' },
      'breaker.scope': { value: 'endpoint', from: key },
    });
    expect(api.explain('GET', 'https://a.example/').scope).toBe('https://a.example');
    const bare = { breaker: false, budget: false } as const;
    expect(createFetch(bare).explain('GET', 'https://a.example/').values.limit).toEqual({
      value: false,
      from: 'default',
    });
    expect(createFetch(bare).explain('GET', 'https://a.example/').scope).toBeUndefined();
    expect(createFetch({ ...bare, limit: {} }).explain('GET', 'https://a.example/').scope).toBe(
      'https://a.example',
    );
  });

  test('one call can step around it, but not change it; nor can an extended client', async () => {
    const { call, api, seen } = client({}, { concurrency: 1, queue: 0 });
    call('a').catch(() => {});
    call('b', { policy: { limit: false } }).catch(() => {});
    await ticks();
    expect(seen.most).toBe(2);
    await expect(call('c', { policy: { limit: { concurrency: 9 } } })).rejects.toThrow(
      'policy.limit must be false here, got an object: a limit outlives the call',
    );
    expect(() => api.extend({ limit: { concurrency: 9 } })).toThrow(
      'limit.concurrency cannot be set in extend',
    );
    expect(() => api.extend({ limit: {} })).toThrow('limit cannot be set in extend');
  });
});

describe('time in the queue', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('counts in total, and never in attempt', async () => {
    const options = { timeout: { attempt: 1_000, total: 5_000 } };
    const { call, next } = client(options, { concurrency: 1, queue: 9 });
    const hangs = settled(call('hangs', { policy: { timeout: { attempt: 3_000 } } }));
    const waits = call('waits');
    await vi.advanceTimersByTimeAsync(3_050);
    expect(await hangs).toMatchObject({ attempts: [{ reason: 'timeout' }] });
    next();
    // The attempt waited for three seconds, and still has its whole timeout.
    await vi.advanceTimersByTimeAsync(900);
    next()?.answer();
    const { attempts: [attempt] = [], duration } = callReport(await waits) ?? {};
    expect(attempt).toMatchObject({ number: 1, reason: 'success' });
    expect(attempt?.waited).toBeGreaterThanOrEqual(3_000);
    expect(attempt?.duration).toBeGreaterThanOrEqual(900);
    expect(attempt?.duration).toBeLessThan(1_000);
    expect(duration).toBeGreaterThanOrEqual(3_900);
  });

  test.each([
    ['patience', { patience: 500, timeout: { attempt: false, total: false } as const }, 500],
    ['total', { timeout: { attempt: false, total: 2_000 } as const }, 1_950],
  ])('ends with the call’s %s: an error of its own says that no place came free', async (_, options, ms) => {
    const { call } = client(options, { concurrency: 1, queue: 9 });
    call('hangs', { policy: { timeout: false } }).catch(() => {});
    const waits = errorOf(call('waits'));
    await vi.advanceTimersByTimeAsync(ms + 30);
    const error = await waits;
    expect(error).toMatchObject({ name: 'LimitError', isQueueFull: false });
    expect(error.message).toContain('and no place came free in time');
    expect(callReport(error)).toMatchObject({ stopped: 'limit', delivery: 'not-sent' });
    const { duration = 0 } = callReport(error) ?? {};
    expect(duration).toBeGreaterThanOrEqual(ms);
    expect(duration).toBeLessThan(ms + 30);
  });

  test('with no patience nobody waits', async () => {
    const { call } = client({ patience: 0 }, { concurrency: 1, queue: 9 });
    call('inside').catch(() => {});
    expect(await settled(call('b'))).toMatchObject({ stopped: 'limit', delivery: 'not-sent' });
  });
});

/** A server that takes a few milliseconds for each request, and notes what it sees. */
async function startServer(status: (number: number) => number = () => 200) {
  const seen = { paths: [] as string[], inside: 0, most: 0 };
  const server = createServer((incoming, reply) => {
    seen.most = Math.max(seen.most, ++seen.inside);
    reply.statusCode = status(seen.paths.push(incoming.url ?? ''));
    setTimeout(() => {
      seen.inside -= 1;
      reply.end();
    }, 3);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('on real sockets', () => {
  test('the server never sees more than the limit at once, retries included', async () => {
    await using server = await startServer((number) => (number % 5 === 0 ? 503 : 200));
    const retry = { base: 1, cap: 1 };
    const api = createFetch({ limit: { concurrency: 4 }, budget: false, breaker: false, retry });
    const calls = Array.from({ length: 60 }, () => api(server.url));
    const reports = (await Promise.all(calls)).map((response) => callReport(response));
    expect(server.seen.most).toBe(4);
    expect(reports.some((report) => report?.attempts.length === 2)).toBe(true);
    expect(api.scopes()).toMatchObject([{ inFlight: 0, queued: 0, limit: 4 }]);
  });

  test('it holds behind the interceptor, with its priorities', async () => {
    await using server = await startServer();
    const dispatcher = new Agent().compose(resilience({ limit: { concurrency: 1 } }));
    const call = async (path: string, priority: Priority = 'auto') => {
      const { body } = await request(`${server.url}/${path}`, callOptions({ dispatcher, priority }));
      await body.dump();
    };
    await Promise.all([call('a'), call('b'), call('c', 'high')]);
    expect([server.seen.most, server.seen.paths]).toEqual([1, ['/a', '/c', '/b']]);
    await dispatcher.close();
  });
});
