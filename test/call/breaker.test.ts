import { describe, expect, it, test } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { BreakerOpenError, callReport } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

test('a breaker opens, rejects without touching a socket, half-opens with one probe, and closes', async () => {
  await using server = await startFaultServer({ fault: () => ({ kind: 'answer', status: 500 }) });
  const runtime = new ManualRuntime();
  const api = createClient({ retry: false, breaker: { minimum: 3, cooldown: 1_000 }, patience: 0 }, runtime);
  const path: string[] = [];
  api.on('breaker', ({ scope, from, to }) => path.push(`${scope}: ${from} → ${to}`));

  for (let i = 0; i < 3; i++) expect((await api(server.url)).status).toBe(500);
  expect(path).toEqual([`${server.url}: closed → open`]);
  expect(api.breakers.get(server.url)).toMatchObject({ scope: server.url, state: 'open' });

  const seen = { requests: server.requests.length, connections: server.connections };
  const error = await api(server.url).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BreakerOpenError);
  expect(error).toMatchObject({
    name: 'BreakerOpenError',
    code: 'ERR_STEADFETCH_BREAKER_OPEN',
    scope: server.url,
  });
  expect(callReport(error)).toMatchObject({ stopped: 'breaker', delivery: 'not-sent', attempts: [] });
  expect({ requests: server.requests.length, connections: server.connections }).toEqual(seen);

  runtime.advance(1_250);
  server.next({ kind: 'slow', at: 'request', ms: 30 });
  const probe = api(server.url);
  await expect(api(server.url)).rejects.toMatchObject({ name: 'BreakerOpenError' });
  expect((await probe).status).toBe(200);
  expect(server.requests).toHaveLength(seen.requests + 1);
  expect(path).toEqual([
    `${server.url}: closed → open`,
    `${server.url}: open → half-open`,
    `${server.url}: half-open → closed`,
  ]);
});

test('an answer in hand beats a synthetic error: the breaker opens during the retries, the last 500 comes back', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'answer', status: 500, body: 'why' }),
  });
  const api = createClient(
    { breaker: { minimum: 2 }, retry: { base: 1, cap: 1 }, patience: 0 },
    new ManualRuntime(),
  );
  const response = await api(server.url);
  expect(await response.text()).toBe('why');
  expect(callReport(response)).toMatchObject({ stopped: 'breaker' });
  expect(server.requests).toHaveLength(2);
});

test('4xx and 429 keep a breaker closed', async () => {
  await using server = await startFaultServer({
    fault: ({ path }) => ({ kind: 'answer', status: Number(path.slice(1)) }),
  });
  const api = createClient({ retry: false, breaker: { minimum: 2 } }, new ManualRuntime());
  for (const status of [400, 404, 429, 429, 429]) await api(`${server.url}/${status}`);
  expect(api.breakers.get(server.url)?.state).toBe('closed');
});

test('an isolated scope rejects everything until it is restored, even before its first call', async () => {
  await using server = await startFaultServer();
  const api = createClient({}, new ManualRuntime());
  api.breakers.isolate(server.url);
  await expect(api(server.url)).rejects.toMatchObject({ name: 'BreakerOpenError', retryAt: undefined });
  expect(api.breakers.get(server.url)?.state).toBe('isolated');
  api.breakers.restore(server.url);
  expect((await api(server.url)).status).toBe(200);
  expect(api.breakers.get('https://never.example')).toBeUndefined();
});

test('breakers of different origins do not know each other', async () => {
  await using sick = await startFaultServer({ fault: () => ({ kind: 'answer', status: 500 }) });
  await using well = await startFaultServer();
  const api = createClient({ retry: false, breaker: { minimum: 1 } }, new ManualRuntime());
  await api(sick.url);
  expect(api.breakers.get(sick.url)?.state).toBe('open');
  expect((await api(well.url)).status).toBe(200);
});

test('an endpoint rule with scope: endpoint has a breaker of its own', async () => {
  await using server = await startFaultServer({
    fault: ({ path }) => (path === '/sick' ? { kind: 'answer', status: 500 } : undefined),
  });
  const rule = `GET ${server.url}/sick`;
  const endpoints = { [rule]: { breaker: { scope: 'endpoint' as const } } };
  const api = createClient({ retry: false, breaker: { minimum: 1 }, endpoints }, new ManualRuntime());
  await api(`${server.url}/sick`);
  expect(api.breakers.get(rule)?.state).toBe('open');
  expect((await api(`${server.url}/well`)).status).toBe(200);
});

test('a scope function names the breaker; what is no name is a PolicyError', async () => {
  await using server = await startFaultServer();
  const api = createClient(
    { breaker: { scope: ({ method, url }) => `${method} ${url.pathname}` } },
    new ManualRuntime(),
  );
  await api(`${server.url}/a`);
  expect(api.breakers.get('GET /a')?.state).toBe('closed');
  const wrong = createClient({ breaker: { scope: () => '' } }, new ManualRuntime());
  await expect(wrong(server.url)).rejects.toThrow(
    'breaker.scope must be a function that returns a non-empty string, got ""',
  );
});

test('an extended client shares the breakers', async () => {
  await using server = await startFaultServer({ fault: () => ({ kind: 'answer', status: 500 }) });
  const api = createClient({ retry: false, breaker: { minimum: 1 }, patience: 0 }, new ManualRuntime());
  await api.extend({ timeout: { attempt: 100 } })(server.url);
  await expect(api(server.url)).rejects.toMatchObject({ name: 'BreakerOpenError' });
});

describe('the error of a call that the breaker stops names the cause', () => {
  const url = 'https://api.example/';
  const client = (status: number, headers = {}) =>
    createClient(
      {
        fetch: async () => new Response(null, { status, headers }),
        retry: false,
        breaker: { minimum: 3 },
        patience: 0,
      },
      new ManualRuntime(),
    );

  it('a pause that the server asked for, if it is longer than the call’s patience', async () => {
    const api = client(429, { 'retry-after': '2' });
    for (let i = 0; i < 5; i++) await api(url);
    const asked = `${url.slice(0, -1)} is open: the server asked for 2000 ms`;
    await expect(api(url, { policy: { patience: 1_999 } })).rejects.toThrow(asked);
  });

  it('failures', async () => {
    const api = client(500);
    for (let i = 0; i < 3; i++) await api(url);
    await expect(api(url)).rejects.toThrow('is open: too many attempts failed');
  });

  it('isolation by hand', async () => {
    const api = client(200);
    api.breakers.isolate(url);
    await expect(api(url)).rejects.toThrow('is open: isolated by hand');
  });
});
