import { expect, test } from 'vitest';
import { breakersOf } from '../../src/guard/breakers.ts';
import { Scopes } from '../../src/guard/scopes.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

const rule = { threshold: 0.5, minimum: 1, window: 10_000, cooldown: 1_000, maxCooldown: 8_000 };

function setup() {
  const runtime = new ManualRuntime();
  const scopes = new Scopes(runtime, () => {});
  return { runtime, scopes, breakers: breakersOf(scopes, rule) };
}

test('a snapshot says when a probe is let through, while the breaker is open, and only then', async () => {
  const { runtime, scopes, breakers } = setup();
  const { breaker } = scopes.use('a', rule, false);
  expect(breakers.get('a')).toEqual({ scope: 'a', state: 'closed', since: runtime.epoch() });
  await breaker?.leave(breaker.enter() ?? -1, 'failure');
  const retryAt = runtime.epoch() + 1_125;
  expect(breakers.get('a')).toEqual({ scope: 'a', state: 'open', since: runtime.epoch(), retryAt });
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
  expect(scopes.use('a', false, false).budget).toBeUndefined();
});

test('a scope has what was asked for, and keeps it', () => {
  const { scopes } = setup();
  expect(scopes.use('a', false, false)).toMatchObject({ breaker: undefined, budget: undefined });
  const { breaker, budget } = scopes.use('a', rule, true);
  expect(breaker).toBeDefined();
  expect(budget).toBeDefined();
  const again = scopes.use('a', rule, true);
  expect(again.breaker).toBe(breaker);
  expect(again.budget).toBe(budget);
});
