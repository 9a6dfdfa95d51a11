import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { createFetch } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

const bare = { retry: false, patience: 0 } as const;

test('all breakers are listed, closed ones too, with what their window holds', async () => {
  await using server = await startFaultServer();
  const api = createClient({ ...bare, breaker: { minimum: 10, window: 10_000 } }, new ManualRuntime());
  expect(api.breakers.all()).toEqual([]);
  server.next({ kind: 'answer', status: 500 });
  for (let i = 0; i < 4; i++) await api(server.url);
  expect(api.breakers.all()).toMatchObject([
    { scope: server.url, state: 'closed', attempts: 4, failures: 1 },
  ]);
  expect(api.breakers.all()).toEqual([api.breakers.get(server.url)]);
});

test('counts leave with their window, and start fresh when the state changes', async () => {
  await using server = await startFaultServer({ fault: () => ({ kind: 'answer', status: 500 }) });
  const runtime = new ManualRuntime();
  const api = createClient({ ...bare, breaker: { minimum: 4, window: 10_000 } }, runtime);
  await api(server.url);
  runtime.advance(5_000);
  await api(server.url);
  expect(api.breakers.all()).toMatchObject([{ attempts: 2, failures: 2 }]);
  runtime.advance(6_000);
  expect(api.breakers.all()).toMatchObject([{ attempts: 1, failures: 1 }]);
  runtime.advance(10_000);
  expect(api.breakers.all()).toMatchObject([{ attempts: 0, failures: 0 }]);
  for (let i = 0; i < 2; i++) await api(server.url);
  expect(api.breakers.all()).toMatchObject([{ state: 'open', attempts: 0, failures: 0 }]);
});

test('a breaker that was inherited is listed before its first call', () => {
  const runtime = new ManualRuntime();
  const scope = 'https://api.example';
  const retryAt = runtime.epoch() + 500;
  const breakers = [{ scope, state: 'open' as const, since: runtime.epoch(), retryAt, cooldown: 1_000 }];
  expect(createClient({ breakers }, runtime).breakers.all()).toMatchObject([
    { scope, state: 'open', retryAt },
  ]);
});

test('a scope says what is under way, what waits, what was turned away, and how many retries there are', async () => {
  await using server = await startFaultServer();
  const api = createFetch({
    breaker: { minimum: 1 },
    budget: { ratio: 0.2, reserve: 3 },
    retry: { base: 1 },
  });
  const scope = server.url;
  expect(api.scopes()).toEqual([]);

  server.next({ kind: 'slow', at: 'request', ms: 30 });
  const call = api(server.url);
  expect(api.scopes()).toMatchObject([{ scope, inFlight: 1, waiting: 0, rejected: 0, budget: 0 }]);
  await call;
  expect(api.scopes()).toMatchObject([{ inFlight: 0, budget: 0.2 }]);

  api.breakers.isolate(scope);
  await expect(api(server.url)).rejects.toThrow();
  expect(api.scopes()).toMatchObject([{ rejected: 1, inFlight: 0, breaker: { state: 'isolated' } }]);
  api.breakers.restore(scope);

  server.next({ kind: 'answer', status: 500 });
  const leaving = new AbortController();
  await api.extend({ retry: false })(server.url);
  const waiting = api(server.url, { signal: leaving.signal });
  expect(api.scopes()).toMatchObject([{ waiting: 1, inFlight: 0, breaker: { state: 'open' } }]);
  leaving.abort();
  await expect(waiting).rejects.toThrow();
  expect(api.scopes()).toMatchObject([{ waiting: 0, inFlight: 0 }]);
});

test('a scope tells what it knows of the quotas of its server, until their time is over', async () => {
  const runtime = new ManualRuntime();
  const headers: Record<string, string>[] = [
    {},
    { 'ratelimit-policy': '"burst";q=5;w=10', ratelimit: '"burst";r=3;t=10, "day";r=99;t=3600' },
  ];
  const fetch = async () => new Response(null, { headers: headers.shift() ?? {} });
  const api = createClient({ fetch, endpoints: { 'https://told.example/*': { quota: true } } }, runtime);
  const quotas = () => api.scopes().map((scope) => scope.quotas);
  await api('https://told.example/');
  expect(quotas()).toEqual([[]]);
  await api('https://told.example/');
  expect(quotas()).toEqual([
    [
      { name: 'burst', remaining: 3, limit: 5, resetAt: runtime.epoch() + 10_000 },
      { name: 'day', remaining: 99, resetAt: runtime.epoch() + 3_600_000 },
    ],
  ]);
  const late = api('https://told.example/');
  expect(quotas()).toMatchObject([[{ remaining: 2 }, { remaining: 98 }]]);
  await late;
  runtime.advance(10_000);
  expect(quotas()).toMatchObject([[{ name: 'day' }]]);
  await api('https://untold.example/');
  expect(quotas()[1]).toBeUndefined();
});

test('nothing stays under way, however an attempt ends', async () => {
  await using server = await startFaultServer({
    faults: [
      { kind: 'cut', at: 'booked', how: 'reset' },
      { kind: 'answer', status: 503 },
    ],
  });
  const api = createFetch({ retry: { base: 1, cap: 1 } });
  await (await api(server.url)).text();
  const aborted = new AbortController();
  const call = api(server.url, { signal: aborted.signal });
  aborted.abort();
  await expect(call).rejects.toThrow();
  await expect(
    api(server.url, { method: 'POST', body: () => Promise.reject(new Error('no body')) }),
  ).rejects.toThrow();
  expect(api.scopes()).toMatchObject([{ inFlight: 0, waiting: 0 }]);
});

test('without breaker and budget there is no scope; with one of them, only that one', async () => {
  await using server = await startFaultServer();
  const api = createFetch({ breaker: false });
  await api.extend({ budget: false })(server.url);
  expect(api.scopes()).toEqual([]);
  await api(server.url);
  expect(api.scopes()).toEqual([{ scope: server.url, budget: 0.2, inFlight: 0, waiting: 0, rejected: 0 }]);
});

test('the interceptor lists its scopes, too', async () => {
  await using server = await startFaultServer();
  const guard = resilience();
  const dispatcher = new Agent().compose(guard);
  await (await request(server.url, { dispatcher })).body.dump();
  expect(guard.scopes()).toMatchObject([{ scope: server.url, inFlight: 0, breaker: { attempts: 1 } }]);
  await dispatcher.close();
});
