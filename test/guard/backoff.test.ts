import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoff } from '../../src/guard/backoff.ts';

const rule = { base: 100, factor: 3, cap: 2_000 };

test('backoff is uniform between nothing and the capped exponential', () => {
  expect(backoff(1, rule, () => 0)).toBe(0);
  expect(backoff(1, rule, () => 0.5)).toBe(50);
  expect(backoff(2, rule, () => 0.5)).toBe(150);
  expect(backoff(3, rule, () => 0.5)).toBe(450);
});

test('the cap comes before the jitter, so that clients do not meet again at exactly the cap', () => {
  const dice = [0.1, 0.4, 0.9];
  const delays = dice.map((die) => backoff(30, rule, () => die));
  expect(delays).toEqual([200, 800, 1_800]);
});

test('no backoff is negative, infinite or above the cap, however many retries there were', () => {
  const arguments_ = [
    fc.integer({ min: 1, max: 100 }),
    fc.nat(60_000),
    fc.nat(600_000),
    fc.double({ min: 1, max: 10, noNaN: true }),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  ] as const;
  fc.assert(
    fc.property(...arguments_, (retry, base, cap, factor, die) => {
      const delay = backoff(retry, { base, factor, cap }, () => die);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(cap);
    }),
  );
});
