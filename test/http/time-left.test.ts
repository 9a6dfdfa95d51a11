import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTimeLeft, writeTimeLeft } from '../../src/http/time-left.ts';

test.each([
  ['grpc-timeout', '2500m', 2_500],
  ['Grpc-Timeout', '3S', 3_000],
  ['grpc-timeout', '1M', 60_000],
  ['grpc-timeout', '1H', 3_600_000],
  ['grpc-timeout', '5000u', 5],
  ['grpc-timeout', '1000000n', 1],
  ['x-timeout-ms', ' 750 ', 750],
  ['x-timeout-ms', '0', 0],
])('%s: %s is %d ms', (header, value, ms) => {
  expect(readTimeLeft(header, value)).toBeCloseTo(ms, 6);
});

test.each([
  ['grpc-timeout', '2500'],
  ['grpc-timeout', '123456789m'],
  ['grpc-timeout', '-5m'],
  ['grpc-timeout', '1.5S'],
  ['grpc-timeout', ''],
  ['x-timeout-ms', '2500m'],
  ['x-timeout-ms', 'soon'],
  ['x-timeout-ms', '-1'],
  ['x-timeout-ms', undefined],
])('%s: %s sets no deadline', (header, value) => {
  expect(readTimeLeft(header, value)).toBeUndefined();
});

test('what is written is read back, never more than it was, and at least a millisecond', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('grpc-timeout', 'x-timeout-ms'),
      fc.double({ min: -10, max: 90_000_000, noNaN: true }),
      (header, ms) => {
        const read = readTimeLeft(header, writeTimeLeft(header, ms)) ?? Number.NaN;
        expect(read).toBe(Math.max(1, Math.floor(ms)));
      },
    ),
  );
});
