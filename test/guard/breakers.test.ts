import { expect, test } from 'vitest';
import { breakersOf } from '../../src/guard/breakers.ts';
import { ScopeNames } from '../../src/guard/scope-names.ts';
import { Scopes } from '../../src/guard/scopes.ts';
import { defaults } from '../../src/policy/defaults.ts';
import { resolvePolicy } from '../../src/policy/resolve.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';
import { departure } from './departure.ts';

const rule = { threshold: 0.5, minimum: 1, window: 10_000, cooldown: 1_000, maxCooldown: 8_000 };

const empty = { attempts: 0, failures: 0 };

function setup() {
  const runtime = new ManualRuntime();
  const scopes = new Scopes(runtime, () => {});
  const names = new ScopeNames();
  names.learn([{ ...resolvePolicy(defaults, undefined, ''), scope: () => 'anything' }]);
  return { runtime, scopes, breakers: breakersOf(scopes, () => rule, names) };
}

test('a snapshot says when a probe is let through, while the breaker is open, and only then', async () => {
  const { runtime, scopes, breakers } = setup();
  const breaker = scopes.use('a').breakerBy(rule);
  const now = runtime.now();
  expect(breakers.get('a')).toEqual({ scope: 'a', state: 'closed', since: runtime.epoch(), ...empty });
  await breaker.leave(breaker.enter({ endpoint: '/', now }), departure('failure', now));
  const retryAt = runtime.epoch() + 875;
  expect(breakers.get('a')).toEqual({ scope: 'a', state: 'open', since: runtime.epoch(), retryAt, ...empty });
});

test('a scope that nothing was sent to has no breaker, and restoring it does nothing', () => {
  const { breakers } = setup();
  breakers.restore('a');
  expect(breakers.get('a')).toBeUndefined();
});

test('isolating a scope makes its breaker, but no budget', () => {
  const { scopes, breakers } = setup();
  breakers.isolate('a');
  expect(breakers.get('a')?.state).toBe('isolated');
  expect(scopes.use('a').budget).toBeUndefined();
});

test('a scope has the guards that were asked for, and keeps them', () => {
  const { scopes } = setup();
  const budget = { ratio: 0.2, reserve: 3 };
  expect(scopes.use('a').guards({ breaker: false, budget: false, limit: false })).toEqual([]);
  const both = scopes.use('a').guards({ breaker: rule, budget, limit: false });
  expect(both).toHaveLength(2);
  expect(scopes.use('a').guards({ breaker: rule, budget, limit: false })).toEqual(both);
  expect(scopes.use('a').guards({ breaker: false, budget, limit: false })[0]).toBe(both[1]);
});
