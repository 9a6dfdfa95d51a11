import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mean, median, quantile, seeded, shuffled, spread } from './statistics.ts';

test('the median of an even number of values lies between the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('the quartiles are found between the nearest values', () => {
  expect(spread([50, 10, 20, 40, 30])).toEqual({ low: 20, median: 30, high: 40 });
  expect(quantile([1, 2], 0.25)).toBe(1.25);
});

test('the mean is what each would have if all had the same', () => {
  expect(mean([1, 2, 6])).toBe(3);
});

test('of no values there is no median', () => {
  expect(median([])).toBeNaN();
});

test('the same seed gives the same order, and every item is in it once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
      const order = shuffled(items, seeded(seed));
      expect(shuffled(items, seeded(seed))).toEqual(order);
      expect([...order].sort()).toEqual([...items].sort());
    }),
  );
});

test('another seed gives another order', () => {
  const items = Array.from({ length: 20 }, (_, i) => i);
  expect(shuffled(items, seeded(1))).not.toEqual(shuffled(items, seeded(2)));
});
