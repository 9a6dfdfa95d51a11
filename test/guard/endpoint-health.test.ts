import { describe, expect, test } from 'vitest';
import { CircuitBreaker } from '../../src/guard/breaker.ts';
import { EndpointHealth, endpointOf } from '../../src/guard/endpoint-health.ts';
import { FailureWindows } from '../../src/guard/failure-windows.ts';
import { createFetch } from '../../src/index.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';
import { departure } from './departure.ts';

const rule = { threshold: 0.8, minimum: 5, window: 10_000, cooldown: 500, maxCooldown: 2_000 };

function setup() {
  const runtime = new ManualRuntime();
  const breaker = new CircuitBreaker(rule, runtime, new FailureWindows(), () => {});
  const isRefused = (endpoint: string) => breaker.refusal({ now: runtime.now(), endpoint }) !== undefined;
  const attempt = async (endpoint: string, outcome: 'success' | 'failure', more = {}) => {
    const permit = breaker.enter({ now: runtime.now(), endpoint });
    const word = breaker.allowed(permit);
    await breaker.leave(permit, departure(outcome, runtime.now(), { endpoint, ...more }));
    return word;
  };
  /** `/search` fails until the breaker opens; `/pay` has answered. */
  const trouble = async () => {
    await attempt('/pay', 'success');
    for (let i = 0; i < 5; i++) await attempt('/search', 'failure');
    expect(breaker.state).toBe('open');
  };
  return { runtime, breaker, isRefused, attempt, trouble };
}

describe('an open breaker', () => {
  test('lets through what answers, and holds back what does not', async () => {
    const { isRefused, trouble } = setup();
    await trouble();
    expect([isRefused('/pay'), isRefused('/search')]).toEqual([false, true]);
  });

  test('tries an endpoint that was never called once, and a few of them in one trouble', async () => {
    const { breaker, runtime, isRefused, attempt, trouble } = setup();
    await trouble();
    breaker.enter({ now: runtime.now(), endpoint: '/new' });
    // Until the trial has an answer.
    expect(isRefused('/new')).toBe(true);
    for (const id of [1, 2, 3, 4]) expect(await attempt(`/${id}`, 'failure')).toBe('answering');
    expect(isRefused('/5')).toBe(true);
    runtime.advance(500);
    await attempt('/search', 'success');
    for (let i = 0; i < 5; i++) await attempt('/search', 'failure');
    expect([breaker.state, isRefused('/5')]).toEqual(['open', false]);
  });

  test('holds an endpoint back once it fails, too', async () => {
    const { isRefused, attempt, trouble } = setup();
    await trouble();
    expect(await attempt('/pay', 'failure')).toBe('answering');
    expect(isRefused('/pay')).toBe(true);
  });

  test('is not closed by an endpoint that had no part in the trouble', async () => {
    const { breaker, runtime, attempt, trouble } = setup();
    await trouble();
    runtime.advance(500);
    expect(await attempt('/pay', 'success')).toBe('answering');
    expect(breaker.state).toBe('open');
    expect(await attempt('/search', 'success')).toBe('probe');
    expect(breaker.state).toBe('closed');
  });

  test('holds back all endpoints where the server asked for a pause', async () => {
    const { runtime, isRefused, attempt } = setup();
    await attempt('/pay', 'success');
    runtime.advance(11_000);
    for (let i = 0; i < 3; i++) await attempt('/search', 'success', { reason: 'status', asked: 3_000 });
    expect([isRefused('/pay'), isRefused('/search')]).toEqual([true, true]);
  });

  test('holds back none where another endpoint has answered lately: the limit is that of one', async () => {
    const { isRefused, attempt } = setup();
    await attempt('/pay', 'success');
    for (let i = 0; i < 20; i++) await attempt('/search', 'success', { reason: 'status', asked: 3_000 });
    expect([isRefused('/pay'), isRefused('/search')]).toEqual([false, false]);
    // Until the other one says the same.
    for (let i = 0; i < 5; i++) await attempt('/pay', 'success', { reason: 'status', asked: 3_000 });
    expect([isRefused('/pay'), isRefused('/search')]).toEqual([true, true]);
  });

  test('that is held by hand lets nothing through', async () => {
    const { breaker, isRefused, trouble } = setup();
    await trouble();
    breaker.isolate();
    expect(isRefused('/pay')).toBe(true);
  });

  test('does so for calls of a client: one broken endpoint of two', async () => {
    const sent: string[] = [];
    const fetch = async (input: string | URL | Request) => {
      const { pathname } = new URL(String(input));
      sent.push(pathname);
      return new Response(null, { status: pathname.startsWith('/search') ? 500 : 200 });
    };
    const api = createFetch({ fetch, retry: false, breaker: { minimum: 3 }, patience: 0 });
    await api('http://service.test/pay/1');
    for (let i = 0; i < 3; i++) await api('http://service.test/search?q=1');
    expect(api.breakers.get('http://service.test')?.state).toBe('open');
    await expect(api('http://service.test/search?q=2')).rejects.toMatchObject({ name: 'BreakerOpenError' });
    expect((await api('http://service.test/pay/2')).status).toBe(200);
    expect(sent.slice(-1)).toEqual(['/pay/2']);
  });
});

describe('an endpoint', () => {
  test.each([
    ['GET https://x.test/items/:id', '/items/7', 'GET https://x.test/items/:id'],
    [undefined, '/items/7/parts', '/items'],
    [undefined, '/items', '/items'],
    [undefined, '/', '/'],
  ])('by the rule %s, of the path %s, is %s', (rule, pathname, endpoint) => {
    expect(endpointOf(rule, { pathname })).toBe(endpoint);
  });

  test('is forgotten when there are too many: a path that begins with an id is no endpoint', () => {
    const health = new EndpointHealth();
    for (let id = 0; id < 1_000; id++) health.answered(`/${id}`, 0);
    health.inherited();
    const known = Array.from({ length: 1_000 }, (_, id) => health.isWorthCalling(`/${id}`)).filter(Boolean);
    expect(known.length).toBeLessThanOrEqual(200);
  });
});
