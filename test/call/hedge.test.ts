import { describe, expect, test } from 'vitest';
import {
  type AttemptStart,
  callReport,
  createFetch,
  type Options,
  onBehalfOf,
  type SteadFetch,
} from '../../src/index.ts';
import { startHeldServer } from '../support/held-server.ts';

type Server = Awaited<ReturnType<typeof startHeldServer>>;

/** Soon late, and as many hedges as there are answers. */
const soon = { after: 20, ratio: 1 } as const;
const options = { hedge: soon, retry: { base: 1, cap: 2 } } as const satisfies Options;

/** So many answers, of which none is late. */
async function earn(server: Server, api: SteadFetch, answers = 5): Promise<void> {
  const policy = { hedge: { after: 10_000 } };
  for (let i = 0; i < answers; i++) await (await api(`${server.url}/quick`, { policy })).text();
}

/** A client that has had answers enough to pay for one hedge. */
async function warm(server: Server, more: Options = {}) {
  const api = createFetch({ ...options, ...more });
  const starts: AttemptStart[] = [];
  await earn(server, api);
  api.on('attempt-start', (start) => starts.push(start));
  return { api, starts };
}

/** Whether a second request comes within several times the delay of a hedge. */
async function isHedged(server: Server, call: Promise<Response>, number = 1): Promise<boolean> {
  await server.request(number);
  const second = server.request(number + 1).then(() => true);
  const isTwice = await Promise.race([second, new Promise<false>((r) => setTimeout(r, 120, false))]);
  for (const request of server.requests.slice(number - 1)) request.answer(200);
  await (await call).text();
  return isTwice;
}

describe('an attempt whose answer is late', () => {
  test('gets company: the first good answer is the call’s, and the other’s connection is closed', async () => {
    await using server = await startHeldServer();
    const { api, starts } = await warm(server);
    const call = api(`${server.url}/items`);
    const slow = await server.request(1);
    (await server.request(2)).answer(200, 'from the hedge');
    const response = await call;
    expect(await response.text()).toBe('from the hedge');
    await slow.closed;
    const report = callReport(response);
    expect(report).toMatchObject({ stopped: 'success', delivery: 'answered' });
    expect(report?.attempts).toMatchObject([
      { number: 1, delivery: 'unknown', reason: 'lost' },
      { number: 1, hedge: true, status: 200, delivery: 'answered', reason: 'success' },
    ]);
    expect(report?.attempts[0]).not.toHaveProperty('hedge');
    expect(report?.attempts[0]).not.toHaveProperty('error');
    expect(report?.attempts[1]?.waited).toBeGreaterThanOrEqual(19);
    expect(starts.map(({ number, hedge, allowedBy }) => ({ number, hedge, allowedBy }))).toEqual([
      { number: 1, hedge: undefined, allowedBy: { breaker: 'closed', budget: 'first' } },
      { number: 1, hedge: true, allowedBy: { breaker: 'closed', budget: 'saved' } },
    ]);
  });

  test('may still win: then the hedge is cancelled, and counts for nothing but its price', async () => {
    await using server = await startHeldServer();
    const { api } = await warm(server, { breaker: { minimum: 2, threshold: 0.1 } });
    const before = api.scopes()[0];
    const attempts: unknown[] = [];
    api.on('attempt', ({ attempt }) => attempts.push(attempt));
    const call = api(server.url);
    const first = await server.request(1);
    const hedge = await server.request(2);
    first.answer(200, 'from the first');
    const response = await call;
    expect(await response.text()).toBe('from the first');
    await hedge.closed;
    expect(callReport(response)?.attempts).toMatchObject([
      { number: 1, reason: 'success' },
      { number: 1, hedge: true, reason: 'lost' },
    ]);
    expect(attempts).toHaveLength(2);
    const after = api.scopes()[0];
    // The breaker heard of one success; the budget of one answer (0.2), and a token is spent.
    expect(after?.breaker).toMatchObject({
      state: 'closed',
      attempts: (before?.breaker?.attempts ?? 0) + 1,
      failures: 0,
    });
    expect(after?.budget).toBeCloseTo((before?.budget ?? 0) + 0.2 - 1, 5);
    expect(after?.inFlight).toBe(0);
  });

  test('whose hedge fails is waited for', async () => {
    await using server = await startHeldServer();
    const { api } = await warm(server);
    const call = api(server.url);
    const first = await server.request(1);
    (await server.request(2)).answer(503);
    first.answer(200, 'late, but good');
    const response = await call;
    expect(await response.text()).toBe('late, but good');
    expect(callReport(response)?.attempts).toMatchObject([
      { reason: 'success' },
      { hedge: true, reason: 'status' },
    ]);
  });

  test('and its hedge both fail: one retry follows, the second attempt, after the pause that a server asked for', async () => {
    await using server = await startHeldServer();
    const { api } = await warm(server);
    const delays: number[] = [];
    api.on('retry', ({ number, delay }) => delays.push(number, delay));
    const call = api(server.url);
    const first = await server.request(1);
    (await server.request(2)).answer(503, '', { 'retry-after-ms': '30' });
    first.answer(503);
    (await server.request(3)).answer(200);
    const response = await call;
    expect(callReport(response)?.attempts.map(({ number, reason }) => [number, reason])).toEqual([
      [1, 'status'],
      [1, 'status'],
      [2, 'success'],
    ]);
    expect(delays[0]).toBe(2);
    expect(delays[1]).toBeGreaterThanOrEqual(30);
  });

  test('ends with its hedge when the caller aborts, and no listener stays', async () => {
    await using server = await startHeldServer();
    const { api } = await warm(server);
    const controller = new AbortController();
    const reason = new Error('enough');
    const call = api(server.url, { signal: controller.signal }).catch((error: unknown) => error);
    const [first, hedge] = [await server.request(1), await server.request(2)];
    controller.abort(reason);
    expect(await call).toBe(reason);
    await Promise.all([first.closed, hedge.closed]);
    expect(callReport(reason)).toMatchObject({ stopped: 'aborted', delivery: 'unknown' });
    expect(callReport(reason)?.attempts).toHaveLength(2);
    expect(api.scopes()[0]?.inFlight).toBe(0);
  });

  test('ends with its hedge at the total deadline', async () => {
    await using server = await startHeldServer();
    const { api } = await warm(server, { timeout: { attempt: 150, total: 150 } });
    const call = api(server.url).catch((error: unknown) => error);
    const [first, hedge] = [await server.request(1), await server.request(2)];
    expect(await call).toMatchObject({ name: 'TimeoutError', phase: 'total' });
    await Promise.all([first.closed, hedge.closed]);
    expect(server.requests).toHaveLength(2);
  });

  test('says so to the services behind, where retries are kept to one layer', async () => {
    await using server = await startHeldServer();
    const api = createFetch({ ...options, layers: true });
    await earn(server, api);
    const call = api(server.url);
    const [first, hedge] = [await server.request(1), await server.request(2)];
    expect([first.headers['no-retry'], hedge.headers['no-retry']]).toEqual([undefined, '?1']);
    hedge.answer(200);
    await (await call).text();
  });
});

describe('no second request is sent', () => {
  const never: readonly [what: string, more: Options, init: Parameters<ReturnType<typeof createFetch>>[1]][] =
    [
      ['by default', { hedge: false }, {}],
      ['for a POST, whose key would meet its own first attempt', {}, { method: 'POST', body: 'x' }],
      ['for a PUT with a key', {}, { method: 'PUT', body: 'x', idempotencyKey: 'k1' }],
      ['for a body that goes once', {}, { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' }],
      ['for a body that is made by a function', {}, { method: 'PUT', body: () => 'x' }],
      ['while the budget is empty', { budget: { ratio: 0, reserve: 4 } }, {}],
      ['before a share of answers is known', { hedge: { after: 'p95', ratio: 1 } }, {}],
      ['before answers have earned one', { hedge: { after: 20, ratio: 0.1 } }, {}],
    ];
  test.each(never)('%s', async (_what, more, init) => {
    await using server = await startHeldServer();
    const { api } = await warm(server, more);
    expect(await isHedged(server, api(server.url, init))).toBe(false);
  });

  test('in these cases only: a plain GET has its hedge', async () => {
    await using server = await startHeldServer();
    const { api } = await warm(server);
    expect(await isHedged(server, api(server.url))).toBe(true);
  });

  test('that a quota has no room for, however little time is left to wait for it', async () => {
    await using server = await startHeldServer();
    const { api } = await warm(server, { quota: true });
    const told = api(server.url, { policy: { hedge: { after: 10_000 } } });
    (await server.request(1)).answer(200, '', { ratelimit: '"day";r=1;t=60' });
    await (await told).text();
    expect(await isHedged(server, api(server.url), 2)).toBe(false);
  });

  test('on behalf of somebody who does the retrying', async () => {
    await using server = await startHeldServer();
    const api = createFetch({ ...options, layers: true });
    await earn(server, api);
    const call = onBehalfOf({ 'no-retry': '?1' }, () => api(server.url));
    expect(await isHedged(server, call)).toBe(false);
  });

  test('to a service that is slow for everybody: a hundred calls at once are no more than 101 requests', async () => {
    await using server = await startHeldServer();
    const { api } = await warm(server, { budget: false });
    await earn(server, api, 100);
    const calls = Array.from({ length: 100 }, () => api(server.url));
    await server.request(100);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const request of server.requests) request.answer(200);
    await Promise.all(calls.map(async (call) => (await call).text()));
    expect(server.requests.length).toBeLessThanOrEqual(101);
  });
});

test('a PUT of text is hedged with the same bytes', async () => {
  await using server = await startHeldServer();
  const { api } = await warm(server);
  const call = api(server.url, { method: 'PUT', body: 'the same' });
  const [first, hedge] = [await server.request(1), await server.request(2)];
  expect([first.method, first.body, hedge.method, hedge.body]).toEqual([
    'PUT',
    'the same',
    'PUT',
    'the same',
  ]);
  hedge.answer(200);
  await (await call).text();
});

test('a budget that runs dry stops new hedges, and kills none that is under way', async () => {
  await using server = await startHeldServer();
  const { api } = await warm(server);
  const one = api(`${server.url}/a`);
  await server.request(1);
  const hedge = await server.request(2);
  expect(api.scopes()[0]?.budget).toBeLessThan(5);
  const other = api(`${server.url}/b`);
  (await server.request(3)).answer(200, 'no hedge');
  expect(await (await other).text()).toBe('no hedge');
  hedge.answer(200, 'hedged');
  expect(await (await one).text()).toBe('hedged');
});
