import { expect, test } from 'vitest';
import { wholeNumber } from '../../src/tools/arguments.ts';

test('a whole number is read as one', () => {
  expect(wholeNumber('--seed', '0', 0)).toBe(0);
  expect(wholeNumber('--orders', '1000', 1, 1_000)).toBe(1_000);
});

test.each(['', ' ', '-1', '1.5', '1e3', '0x10', 'many', '9007199254740993'])(
  '%j is refused by name',
  (text) => {
    expect(() => wholeNumber('--seed', text, 0)).toThrow(
      new TypeError(`--seed must be a whole number from 0, got ${text}`),
    );
  },
);

test('a number out of range is refused with the range', () => {
  expect(() => wholeNumber('--orders', '1001', 1, 1_000)).toThrow(
    new TypeError('--orders must be a whole number from 1 to 1000, got 1001'),
  );
});
