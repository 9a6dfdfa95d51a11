import { expect, test } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { PolicyError } from '../../src/index.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

const url = 'http://service.test/';
const options = { retry: false, breaker: { minimum: 1, cooldown: 1_000 }, patience: 0 } as const;

test('a short-lived process hands its open breakers on as JSON', async () => {
  const runtime = new ManualRuntime();
  let sends = 0;
  const fetch = async () => {
    sends++;
    return new Response(null, { status: 500 });
  };
  const first = createClient({ ...options, fetch }, runtime);
  await first(url);
  const json = JSON.stringify(first.breakers.export());

  const second = createClient({ ...options, fetch, breakers: JSON.parse(json) }, runtime);
  await expect(second(url)).rejects.toMatchObject({ name: 'BreakerOpenError' });
  expect(sends).toBe(1);
  runtime.advance(1_125);
  await second(url);
  expect(sends).toBe(2);
});

test('what was inherited can be seen and let go before any call', async () => {
  const breakers = [{ scope: 'http://service.test', state: 'isolated', since: 1 }] as const;
  const api = createClient({ fetch: async () => new Response(null), breakers }, new ManualRuntime());
  expect(api.breakers.get('http://service.test')).toEqual({ ...breakers[0], attempts: 0, failures: 0 });
  api.breakers.restore('http://service.test');
  expect((await api(url)).status).toBe(200);
});

test('a client without trouble has nothing to export', async () => {
  const api = createClient({ fetch: async () => new Response(null) }, new ManualRuntime());
  await api(url);
  expect(api.breakers.export()).toEqual([]);
});

test('breakers that no export gave are refused, by their place', () => {
  const create = (breakers: unknown) => () => createClient({ breakers } as never, new ManualRuntime());
  expect(create('all')).toThrow(PolicyError);
  expect(create([{ scope: 'a' }])).toThrow(
    'breakers[0] must be an exported breaker, with scope, state and since',
  );
  expect(create([{ scope: 'a', state: 'shut', since: 1 }])).toThrow(
    'breakers[0].state must be "open" or "isolated", got "shut"',
  );
  expect(() => createClient({ layers: 1 } as never, new ManualRuntime())).toThrow(
    'layers must be true or false, got 1',
  );
});

test('an extended client shares the breakers there are, and can be given no others', () => {
  const api = createClient({}, new ManualRuntime());
  expect(() => api.extend({ breakers: [] } as never)).toThrow(PolicyError);
});

test('an open breaker that was inherited is an event, once its scope is used', async () => {
  const runtime = new ManualRuntime();
  const scope = 'http://service.test';
  const breakers = [
    { scope, state: 'open' as const, since: 1, retryAt: runtime.epoch() + 500, cooldown: 1_000 },
  ];
  const api = createClient({ ...options, fetch: async () => new Response(null), breakers }, runtime);
  const seen: object[] = [];
  api.on('breaker', (event) => seen.push({ ...event, isOpen: api.breakers.get(scope)?.state === 'open' }));
  await expect(api(url)).rejects.toMatchObject({ name: 'BreakerOpenError' });
  await expect(api(url)).rejects.toMatchObject({ name: 'BreakerOpenError' });
  const event = { scope, from: 'closed', to: 'open', at: runtime.epoch(), reason: 'inherited', isOpen: true };
  expect(seen).toEqual([event]);
});
