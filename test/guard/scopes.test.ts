import { describe, expect, test } from 'vitest';
import type { BreakerRule } from '../../src/guard/breaker.ts';
import { Scopes } from '../../src/guard/scopes.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';
import { departure } from './departure.ts';

const rule: BreakerRule = {
  threshold: 0.5,
  minimum: 1,
  window: 10_000,
  cooldown: 5_000,
  maxCooldown: 60_000,
};

function setup() {
  const runtime = new ManualRuntime();
  const scopes = new Scopes(runtime, () => {});
  const open = async (name: string) => {
    const breaker = scopes.use(name).breakerBy(rule);
    const now = runtime.now();
    await breaker.leave(breaker.enter({ endpoint: '/', now }), departure('failure', now));
  };
  return { runtime, scopes, open };
}

/** Uses as many other scopes as are kept. */
function fill(scopes: Scopes): void {
  for (let i = 0; i < 1_000; i++) scopes.use(`scope ${i}`).breakerBy(rule);
}

test('a thousand scopes are kept: the one that was not used for longest makes room', () => {
  const { scopes } = setup();
  for (let i = 0; i < 1_000; i++) scopes.use(`scope ${i}`).breakerBy(rule);
  scopes.use('scope 0').breakerBy(rule);
  scopes.use('one more').breakerBy(rule);
  expect(scopes.breaker('scope 0', rule)).toBeDefined();
  expect(scopes.breaker('scope 1', rule)).toBeUndefined();
});

test('an open breaker is not forgotten to make room for idle ones, though ten thousand came after it', async () => {
  const { scopes, open } = setup();
  await open('broken');
  for (let i = 0; i < 10_000; i++) scopes.use(`scope ${i}`).breakerBy(rule);
  expect(scopes.breaker('broken', rule)?.state).toBe('open');
});

test('if all are open, the oldest goes', async () => {
  const { scopes, open } = setup();
  for (let i = 0; i < 1_001; i++) await open(`scope ${i}`);
  expect(scopes.breaker('scope 0', rule)).toBeUndefined();
  expect(scopes.breaker('scope 1', rule)?.state).toBe('open');
});

test('ten thousand scopes leave no timer behind', async () => {
  const before = process.getActiveResourcesInfo().length;
  const { scopes, open } = setup();
  for (let i = 0; i < 10_000; i++) scopes.use(`scope ${i}`).breakerBy(rule);
  for (let i = 0; i < 100; i++) await open(`scope ${i}`);
  expect(process.getActiveResourcesInfo()).toHaveLength(before);
});

test('what one process knew is handed on, even through a process that never used the scope', async () => {
  const { scopes, open, runtime } = setup();
  await open('broken');
  scopes.use('well').breakerBy(rule);
  const exported = Array.from(scopes.records(), ([scope, record]) => ({ scope, ...record }));
  expect(exported.map(({ scope }) => scope)).toEqual(['broken']);

  const second = new Scopes(runtime, () => {}, JSON.parse(JSON.stringify(exported)));
  expect(Array.from(second.records(), ([scope, record]) => ({ scope, ...record }))).toEqual(exported);
  const third = new Scopes(runtime, () => {}, exported);
  runtime.advance(1_000_000);
  expect(third.records().size).toBe(0);
  expect(second.use('broken').breakerBy(rule).state).toBe('open');
  expect(second.use('well').breakerBy(rule).state).toBe('closed');
});

describe('statistics of a scope', () => {
  test.each([
    ['dropped to make room', (scopes: Scopes) => fill(scopes)],
    ['reset', (scopes: Scopes) => scopes.reset()],
  ])('are forgotten when it is %s', async (_how, drop) => {
    const { scopes, runtime } = setup();
    const breaker = scopes.use('first').breakerBy(rule);
    const now = runtime.now();
    await breaker.leave(breaker.enter({ endpoint: '/', now }), departure('success', now));
    expect(breaker.counts.attempts).toBe(1);
    drop(scopes);
    // The window would be kept for as long as it is: ten seconds of strangers' hosts.
    expect(breaker.counts.attempts).toBe(0);
  });
});
