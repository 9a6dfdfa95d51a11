import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoff } from '../../src/guard/backoff.ts';

test('backoff is uniform between nothing and the capped exponential', () => {
  expect(backoff(1, 100, 2_000, () => 0)).toBe(0);
  expect(backoff(1, 100, 2_000, () => 0.5)).toBe(50);
  expect(backoff(2, 100, 2_000, () => 0.5)).toBe(100);
  expect(backoff(3, 100, 2_000, () => 0.5)).toBe(200);
});

test('the cap comes before the jitter, so that clients do not meet again at exactly the cap', () => {
  const dice = [0.1, 0.4, 0.9];
  const delays = dice.map((die) => backoff(30, 100, 2_000, () => die));
  expect(delays).toEqual([200, 800, 1_800]);
});

test('no backoff is negative, infinite or above the cap, however many retries there were', () => {
  const arguments_ = [
    fc.integer({ min: 1, max: 100 }),
    fc.nat(60_000),
    fc.nat(600_000),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  ] as const;
  fc.assert(
    fc.property(...arguments_, (retry, base, cap, die) => {
      const delay = backoff(retry, base, cap, () => die);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(cap);
    }),
  );
});
