import { inspect } from 'node:util';
import { Agent, interceptors, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CallFailure, type CallReport, callReport, createFetch, type Options } from '../../src/index.ts';
import { callOptions, resilience } from '../../src/undici/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

const retry = { attempts: 2, base: 1, cap: 1 } as const;
const unavailable: Fault = { kind: 'answer', status: 503, headers: { 'content-type': 'text/plain' } };
const lost: Fault = { kind: 'cut', at: 'booked', how: 'reset' };

/** A client with a fallback that notes what it is asked. */
function setup(options: Options = {}, answer: () => Response | undefined = () => new Response('spare')) {
  const asked: CallFailure[] = [];
  const settled: CallReport[] = [];
  const fallback = (failure: CallFailure) => {
    asked.push(failure);
    return answer();
  };
  const api = createFetch({ retry, breaker: false, budget: false, fallback, ...options });
  api.on('settled', (report) => settled.push(report));
  return { api, asked, settled };
}

const errorOf = (call: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  call.then(
    () => expect.unreachable(),
    (error) => error,
  );

describe('a fallback', () => {
  test('answers when the attempts are used up, and the report says that it did, and how the call ended', async () => {
    await using server = await startFaultServer({ faults: [unavailable, unavailable] });
    const { api, asked, settled } = setup();
    const response = await api(`${server.url}/items?secret=1`);
    expect(await response.text()).toBe('spare');
    expect(asked).toEqual([
      {
        method: 'GET',
        url: `${server.url}/items`,
        endpoint: undefined,
        stopped: 'attempts',
        delivery: 'answered',
        attempts: 2,
        status: 503,
        headers: expect.anything(),
      },
    ]);
    const report = callReport(response);
    expect(report).toMatchObject({ fallback: true, stopped: 'attempts', delivery: 'answered' });
    expect(report?.attempts).toHaveLength(2);
    expect(settled).toEqual([report]);
  });

  test('answers for a call that would reject: no connection, a lost answer, a timeout', async () => {
    await using server = await startFaultServer({
      faults: [lost, lost, { kind: 'cut', at: 'request', how: 'stall' }],
    });
    const { api, asked } = setup();
    expect(await (await api(server.url)).text()).toBe('spare');
    expect(asked[0]).toMatchObject({
      stopped: 'attempts',
      delivery: 'unknown',
      error: expect.any(TypeError),
    });
    const policy = { timeout: { attempt: 50 }, retry: { attempts: 1 } };
    expect(callReport(await api(server.url, { policy }))).toMatchObject({ fallback: true });
    expect(asked[1]?.error).toMatchObject({ name: 'TimeoutError' });
  });

  test('answers for a call that was never sent: an open breaker, a full queue', async () => {
    const hangs = () => new Promise<Response>(() => {});
    const { api, asked } = setup({
      fetch: hangs,
      breaker: {},
      patience: 0,
      limit: { concurrency: 1, queue: 0 },
    });
    void api('http://service.test/');
    expect(callReport(await api('http://service.test/'))).toMatchObject({
      fallback: true,
      stopped: 'limit',
      delivery: 'not-sent',
      attempts: [],
    });
    api.breakers.isolate('http://service.test');
    await api('http://service.test/');
    expect(asked.map(({ error }) => error)).toMatchObject([
      { name: 'LimitError' },
      { name: 'BreakerOpenError' },
    ]);
  });

  test.each([200, 204, 302, 400, 401, 404, 409])('is not asked about a %i', async (status) => {
    await using server = await startFaultServer({ faults: [{ kind: 'answer', status }] });
    const { api, asked } = setup({ idempotency: false });
    const response = await api(server.url, { redirect: 'manual' });
    expect([response.status, asked, callReport(response)?.fallback]).toEqual([status, [], undefined]);
  });

  test('is asked about a 501, which is final, and a 429 whose retries are over', async () => {
    const faults: Fault[] = [501, 429, 429].map((status) => ({ kind: 'answer', status }));
    await using server = await startFaultServer({ faults });
    const { api, asked } = setup();
    for (let i = 0; i < 2; i++) expect(await (await api(server.url)).text()).toBe('spare');
    expect(asked.map(({ status, stopped }) => [status, stopped])).toEqual([
      [501, 'final-status'],
      [429, 'attempts'],
    ]);
  });

  test('is not asked after a success at the second attempt', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { api, asked } = setup();
    expect([(await api(server.url)).status, asked]).toEqual([200, []]);
  });

  test('that gives undefined leaves the failure as it is', async () => {
    await using server = await startFaultServer({ faults: [unavailable, unavailable, lost, lost] });
    const { api, settled } = setup({}, () => undefined);
    const response = await api(server.url);
    expect([response.status, callReport(response)?.fallback]).toEqual([503, undefined]);
    await response.text();
    const error = await errorOf(api(server.url));
    expect(error).toBeInstanceOf(TypeError);
    expect(settled.map(({ stopped }) => stopped)).toEqual(['attempts', 'attempts']);
  });

  test.each<[string, () => unknown, unknown]>([
    [
      'throws',
      () => {
        throw new Error('no spare');
      },
      new Error('no spare'),
    ],
    ['rejects', () => Promise.reject(new Error('no spare')), new Error('no spare')],
    ['gives no Response', () => ({ status: 200 }), undefined],
  ])('that %s rejects the call with an error that says so', async (what, answer, cause) => {
    await using server = await startFaultServer({ faults: [unavailable, unavailable] });
    const { api, settled } = setup({}, answer as () => Response);
    const error = await errorOf(api(server.url));
    expect(error).toMatchObject({ name: 'FallbackError', code: 'ERR_STEADFETCH_FALLBACK' });
    expect(error.cause).toEqual(cause);
    expect(error.message).toBe(
      `The fallback of ${server.url}/ ${what === 'gives no Response' ? 'gave something that is not a Response' : 'threw an error'}; the call had ended by 'attempts'`,
    );
    expect(error.failure).toMatchObject({ status: 503, stopped: 'attempts' });
    expect(callReport(error)).toMatchObject({ stopped: 'attempts', delivery: 'answered' });
    expect(settled).toHaveLength(1);
  });

  test('that throws gives an error in which a logger finds neither the path nor the headers of the answer', async () => {
    const fetch = async () =>
      new Response(null, { status: 503, headers: { 'set-cookie': 'session=s3cret' } });
    const api = createFetch({
      fetch,
      retry: false,
      fallback: () => {
        throw new Error('mine');
      },
    });
    const error = await errorOf(api('https://hooks.example/hooks/Zx81kQ0pLm2Nv9sT?token=s3cret'));
    expect(error.message).toMatch(/^The fallback of https:\/\/hooks\.example\/hooks\/\*\*\* threw an error/);
    expect(inspect(error) + JSON.stringify(error)).not.toMatch(/Zx81|s3cret/);
    expect(error.failure).toHaveProperty('url', 'https://hooks.example/hooks/Zx81kQ0pLm2Nv9sT');
  });

  test('does not hide a mistake in the request, nor one in retry.when', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const mistake = new Error('mine');
    const when = () => {
      throw mistake;
    };
    const { api, asked } = setup();
    expect(await errorOf(api(server.url, { policy: { retry: { when } } }))).toBe(mistake);
    const broken = () => {
      throw mistake;
    };
    expect(await errorOf(api(server.url, { method: 'POST', body: broken }))).toBe(mistake);
    expect(await errorOf(api(server.url, { policy: { retry: { attempts: 0 } } }))).toMatchObject({
      name: 'PolicyError',
    });
    expect(asked).toEqual([]);
  });

  test('is not asked after an abort; an abort while it works ends the call at once', async () => {
    await using server = await startFaultServer({ faults: [unavailable, unavailable] });
    const controller = new AbortController();
    const reason = new Error('enough');
    let begun = 0;
    const api = createFetch({
      retry,
      breaker: false,
      fallback: () => {
        begun += 1;
        controller.abort(reason);
        return new Promise<Response>(() => {});
      },
    });
    expect(await errorOf(api(server.url, { signal: controller.signal }))).toBe(reason);
    expect(callReport(reason)).toMatchObject({ stopped: 'aborted' });
    expect(await errorOf(api(server.url, { signal: controller.signal }))).toBe(reason);
    expect(begun).toBe(1);
  });

  test('belongs to a rule: others have none, and a rule can switch it off', async () => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const api = createFetch({
      retry: false,
      fallback: () => new Response('of the client'),
      endpoints: {
        [`${server.url}/rule`]: { fallback: async () => new Response('of the rule') },
        [`${server.url}/none`]: { fallback: false },
      },
    });
    const texts = ['/rule', '/none', '/'].map(async (path) => (await api(server.url + path)).text());
    expect(await Promise.all(texts)).toEqual([
      'of the rule',
      expect.not.stringContaining('of'),
      'of the client',
    ]);
    expect(api.explain('GET', `${server.url}/none`).values.fallback).toEqual({
      value: false,
      from: `${server.url}/none`,
    });
  });

  test('leaves no connection behind: the failed response is discarded', async () => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const dispatcher = new Agent({ connections: 1 });
    const { api } = setup({ dispatcher });
    for (let i = 0; i < 5; i++) expect(await (await api(server.url)).text()).toBe('spare');
    await dispatcher.close();
  });

  test('has no place behind the interceptor, which says so', () => {
    const fallback = () => new Response();
    expect(() => resilience({ fallback })).toThrow('fallback has no place here');
    expect(() => resilience({ endpoints: { 'https://a.example/*': { fallback } } })).toThrow(
      'endpoints["https://a.example/*"].fallback has no place here',
    );
    expect(() => callOptions({ policy: { fallback } })).toThrow('policy.fallback has no place here');
  });
});

describe('undici’s cache, with stale-if-error', () => {
  const stored: Fault = {
    kind: 'answer',
    status: 200,
    headers: { 'cache-control': 'max-age=10, stale-if-error=600' },
    body: 'from the cache',
  };
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => vi.useRealTimers());
  const growStale = () => vi.setSystemTime(Date.now() + 60_000);

  test('outside of the interceptor: the stale answer comes when the retries are over', async () => {
    await using server = await startFaultServer({ faults: [stored, unavailable, unavailable, unavailable] });
    const guard = resilience({ retry: { attempts: 3, base: 1, cap: 1 }, breaker: false, budget: false });
    const dispatcher = new Agent().compose(guard, interceptors.cache());
    const first = await request(server.url, { dispatcher });
    await first.body.text();
    growStale();
    const second = await request(server.url, { dispatcher });
    expect([second.statusCode, await second.body.text()]).toEqual([200, 'from the cache']);
    expect(server.requests.length).toBe(4);
    await dispatcher.close();
  });

  test('inside of the client: the stale answer comes at once, and no retry is made', async () => {
    await using server = await startFaultServer({ faults: [stored, unavailable, unavailable] });
    const dispatcher = new Agent().compose(interceptors.cache());
    const api = createFetch({ dispatcher, retry: { base: 1, cap: 1 } });
    await (await api(server.url)).text();
    growStale();
    const second = await api(server.url);
    expect([second.status, await second.text()]).toEqual([200, 'from the cache']);
    expect(callReport(second)?.attempts).toHaveLength(1);
    expect(server.requests.length).toBe(2);
    await dispatcher.close();
  });
});
