import { expect, test } from 'vitest';
import { Trips } from '../../src/guard/trips.ts';

const rule = { threshold: 0.5, minimum: 5, window: 10_000 };

test('windows that have run empty are dropped when another scope is used', async () => {
  const trips = new Trips();
  const breakers = Array.from({ length: 1_000 }, () => ({}));
  for (const [at, breaker] of breakers.entries()) await trips.failure(breaker, rule, at);
  expect(trips.size).toBe(1_000);
  trips.success({}, rule, 10_500);
  expect(trips.size).toBeLessThanOrEqual(501);
  trips.success({}, rule, 30_000);
  expect(trips.size).toBe(1);
});

test('a window that is still in use is kept, however long ago it was begun', async () => {
  const trips = new Trips();
  const busy = {};
  for (let at = 0; at < 60_000; at += 900) {
    trips.success(busy, rule, at);
    trips.success({}, rule, at);
  }
  const outcomes = [];
  for (let i = 0; i < 8; i++) outcomes.push(await trips.failure(busy, rule, 60_000));
  // Eleven successes of the last ten seconds are remembered: eight failures are not half.
  expect(outcomes).not.toContain(true);
});

test('statistics that were forgotten start fresh', async () => {
  const trips = new Trips();
  const breaker = {};
  for (let i = 0; i < 4; i++) await trips.failure(breaker, rule, 0);
  trips.forget(breaker);
  expect(await trips.failure(breaker, rule, 0)).toBe(false);
});
