import { describe, expect, it, test } from 'vitest';
import { callReport } from '../../src/call/report.ts';
import { createClient, createFetch } from '../../src/fetch/create-fetch.ts';
import type { Events } from '../../src/model/events.ts';
import type { ClientOptions, Options } from '../../src/model/options.ts';
import { resilience } from '../../src/undici/resilience.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

const url = 'http://service.test/v1/orders';
const rule = 'http://service.test/v1/*';

/** A client whose service answers with whatever `status` says. */
function service(options: ClientOptions = {}) {
  const state = { status: 200, asked: 0 };
  const fetch = async () => {
    state.asked++;
    return new Response(null, { status: state.status });
  };
  const events: Events['update'][] = [];
  const api = createFetch({ fetch, patience: 0, ...options });
  api.on('update', (event) => events.push(event));
  return { api, state, events };
}

describe('update', () => {
  it('puts the new rules in the place of the old ones, and says what changed', () => {
    const { api, events } = service({
      retry: { attempts: 3, statuses: [500] },
      endpoints: { [rule]: { timeout: { total: 5_000 } }, 'http://other.test/*': { idempotency: 'stripe' } },
    });
    const changes = api.update({
      retry: { attempts: 4, statuses: [500, 503] },
      timeout: { idle: false },
      endpoints: { [rule]: { timeout: { total: 6_000 } } },
    });
    expect(changes).toEqual([
      { path: 'endpoints', from: [rule, 'http://other.test/*'], to: [rule] },
      { path: 'retry.attempts', from: 3, to: 4 },
      { path: 'retry.statuses', from: [500], to: [500, 503] },
      { path: 'timeout.idle', from: undefined, to: false },
      { path: `endpoints["${rule}"].timeout.total`, from: 5_000, to: 6_000 },
      { path: 'patience', from: 0, to: undefined },
      { path: 'endpoints["http://other.test/*"].idempotency', from: 'stripe', to: undefined },
    ]);
    expect(events).toEqual([{ at: expect.any(Number), changes }]);
    expect(api.explain('GET', url).values['timeout.total']?.value).toBe(6_000);
  });

  it('says nothing where nothing changed, whatever the spelling', () => {
    const { api, events } = service({ retry: { attempts: 3 }, endpoints: { [rule]: { buffer: 5 } } });
    expect(
      api.update(
        JSON.parse(
          `{ "patience": 0, "retry": { "attempts": 3 }, "endpoints": { "${rule}": { "buffer": 5 } } }`,
        ),
      ),
    ).toEqual([]);
    expect(events).toEqual([]);
  });

  it('hears of another order of the rules, for the first that matches applies', () => {
    const { api } = service({ patience: 1, endpoints: { 'http://a.test/b': {}, 'http://a.test/c': {} } });
    const keys = ['http://a.test/c', 'http://a.test/b'];
    expect(api.update({ patience: 1, endpoints: Object.fromEntries(keys.map((key) => [key, {}])) })).toEqual([
      { path: 'endpoints', from: ['http://a.test/b', 'http://a.test/c'], to: keys },
    ]);
  });

  it.each<[string, unknown]>([
    ['a misspelt name', { retry: { atempts: 1 } }],
    ['a contradiction', { timeout: { attempt: 9_000, total: 5_000 } }],
    ['a rule out of reach', { endpoints: { 'http://a.test/*': {}, 'http://a.test/b': {} } }],
    ['what is no object', null],
    ['what a client is born with', { layers: true }],
  ])('changes nothing if there is %s', async (_what, wrong) => {
    const { api, state, events } = service({ retry: { attempts: 2, base: 0 } });
    expect(() => api.update(wrong as Options)).toThrow(expect.objectContaining({ name: 'PolicyError' }));
    expect(events).toEqual([]);
    state.status = 503;
    await api(url);
    expect(state.asked).toBe(2);
  });

  it('changes nothing if an extended client could not follow', () => {
    const { api } = service({ timeout: { total: 20_000 } });
    const eager = api.extend({ timeout: { attempt: 15_000 } });
    const before = JSON.stringify([api.explain('GET', url), eager.explain('GET', url)]);
    expect(() => api.update({ timeout: { total: 12_000 } })).toThrow(
      'timeout.attempt must not be above timeout.total',
    );
    expect(JSON.stringify([api.explain('GET', url), eager.explain('GET', url)])).toBe(before);
  });

  it('is followed by extended clients, whose own rules still come first', async () => {
    const { api, state } = service({ retry: { attempts: 2, base: 0 } });
    const extended = api.extend({ buffer: 10 }).extend({ endpoints: { [rule]: { retry: { base: 0 } } } });
    api.update({ patience: 0, retry: { attempts: 3, base: 50 } });
    state.status = 503;
    await extended(url);
    expect(state.asked).toBe(3);
    expect(extended.explain('GET', url).values).toMatchObject({
      'retry.attempts': { value: 3, from: 'createFetch' },
      'retry.base': { value: 0, from: rule },
      buffer: { value: 10, from: 'extend' },
    });
  });

  it('of an extended client changes that one alone', () => {
    const { api } = service();
    const extended = api.extend({ retry: { attempts: 2 } });
    extended.update({ retry: { attempts: 3 } });
    expect(extended.explain('GET', url).values['retry.attempts']?.value).toBe(3);
    expect(api.explain('GET', url).values['retry.attempts']?.from).toBe('default');
    expect(() => extended.update({ budget: { ratio: 0.5 } })).toThrow('budget.ratio cannot be set in extend');
  });

  it('leaves what it sends with as it is', async () => {
    const { api, state } = service();
    api.update({ retry: false });
    await api(url);
    expect(state.asked).toBe(1);
  });

  it('leaves a call alone that is under way', async () => {
    const { api, state } = service({ retry: { attempts: 3, base: 0 } });
    state.status = 503;
    api.on('retry', () => api.update({ retry: false, patience: 0 }));
    expect(callReport(await api(url))?.attempts).toHaveLength(3);
    expect(callReport(await api(url))?.attempts).toHaveLength(1);
  });

  it('of an interceptor works the same, and still refuses what it could send with', () => {
    const guard = resilience({ retry: { attempts: 2 } });
    expect(guard.update({ retry: { attempts: 3 } })).toEqual([{ path: 'retry.attempts', from: 2, to: 3 }]);
    expect(() => guard.update({ fetch })).toThrow('fetch has no place here');
    expect(guard.explain('GET', url).values['retry.attempts']?.value).toBe(3);
  });
});

test('breakers keep their state through an update, and go on by the new numbers', async () => {
  const runtime = new ManualRuntime();
  let status = 503;
  const fetch = async () => new Response(null, { status });
  const common = { retry: false, patience: 0, budget: false } as const;
  const api = createClient({ fetch, ...common, breaker: { minimum: 4, cooldown: 1_000 } }, runtime);
  for (let call = 0; call < 4; call++) await api(url);
  expect(api.breakers.get(url.slice(0, 19))?.state).toBe('open');
  api.update({ ...common, breaker: { minimum: 2, cooldown: 1_000 } });
  expect(api.breakers.get('http://service.test')?.state).toBe('open');
  await expect(api(url)).rejects.toThrow('is open');
  status = 200;
  await runtime.advance(2_000);
  expect((await api(url)).status).toBe(200);
  api.breakers.isolate('http://service.test');
  api.breakers.restore('http://service.test');
  status = 503;
  for (let call = 0; call < 2; call++) await api(url);
  expect(api.breakers.get('http://service.test')?.state).toBe('open');
});

test('a policy may be JSON: false stands for every limit that is off', () => {
  const api = createFetch(
    JSON.parse(`{
      "$schema": "https://steadfetch.example/policy.schema.json",
      "timeout": { "attempt": false, "idle": false, "total": false },
      "breaker": false,
      "buffer": false,
      "endpoints": { "GET,HEAD https://api.example/*": { "idempotency": { "header": "X-Key", "lifetime": false } } }
    }`),
  );
  expect(api.explain('GET', 'https://api.example/v1').values).toMatchObject({
    'timeout.total': { value: false, from: 'createFetch' },
    'idempotency.lifetime': { value: Number.POSITIVE_INFINITY },
  });
});
