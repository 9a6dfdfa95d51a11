import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Spare } from '../../src/guard/spare.ts';

/** Sends attempts that far apart. @returns when the last one was sent */
function sent(spare: Spare, gap: number, usual: number, from: number, count: number): number {
  for (let i = 1; i <= count; i++) spare.sent(from + i * gap, usual);
  return from + count * gap;
}

test('where attempts are sent as fast as calls usually come there is none', () => {
  const spare = new Spare();
  const last = sent(spare, 100, 10, 0, 1_000);
  expect(spare.from).toBeGreaterThan(last + 1_000);
});

test('where fewer are sent there is room for the missing ones, once those before are made up for', () => {
  const spare = new Spare();
  const last = sent(spare, 250, 10, sent(spare, 100, 10, 0, 1_000), 19);
  expect(spare.from).toBeGreaterThan(last);
  expect(spare.from).toBeLessThanOrEqual(sent(spare, 250, 10, last, 2) + 125);
});

test('where the usual rate is not known there is none', () => {
  const spare = new Spare();
  sent(spare, 1_500, 0, 0, 50);
  expect(spare.from).toBe(Number.POSITIVE_INFINITY);
});

test('whatever is sent otherwise, all attempts together are no more than usual, or than those others alone', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 30, maxLength: 200 });
  fc.assert(
    fc.property(gaps, (others) => {
      const spare = new Spare();
      const usual = 10;
      let [now, taken, first, most] = [0, 0, 0, 0];
      for (const gap of others) {
        for (const end = now + gap; now < end; now++) {
          if (now < spare.from) continue;
          spare.sent(now, usual);
          taken += 1;
        }
        spare.sent(now, usual);
        first += 1;
        // Beyond what is usual only by what others sent themselves, since the time when they last sent less.
        most = Math.max(most, first - (now * usual) / 1_000);
        expect(taken + first).toBeLessThanOrEqual((now * usual) / 1_000 + most + 2);
      }
    }),
  );
});

test('after ten failures in a row there is none, until an answer comes', () => {
  const spare = new Spare();
  const last = sent(spare, 1_000, 10, 0, 50);
  for (let i = 0; i < 10; i++) spare.ended({ outcome: 'failure', reason: 'status' });
  expect(spare.from).toBe(Number.POSITIVE_INFINITY);
  spare.ended({ outcome: 'success', reason: 'success' });
  expect(spare.from).toBeLessThanOrEqual(last + 125);
});
