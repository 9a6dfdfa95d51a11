import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdaptiveLimit } from '../../src/guard/adaptive.ts';
import { Limit } from '../../src/guard/limit.ts';
import { departure, entry } from './departure.ts';

const good = (now: number) => departure('success', now);
const answered = (status: number, now: number) =>
  departure('failure', now, { told: { reason: 'status', status } });
const timedOut = (now: number) =>
  departure('failure', now, { reason: 'timeout', told: { reason: 'timeout' } });

describe('an adaptive limit', () => {
  test('grows by one for a round trip of answers, if it held attempts back', () => {
    const limit = new AdaptiveLimit();
    const before = limit.concurrency;
    for (let i = 0; i < 21; i++) limit.learn(0, good(i), true);
    expect(limit.concurrency).toBe(before + 1);
    for (let i = 0; i < 1_000; i++) limit.learn(0, good(i), false);
    expect(limit.concurrency).toBe(before + 1);
  });

  test.each([
    [429, 18],
    [503, 18],
    [529, 18],
    [500, 20],
    [404, 20],
  ])('after a %i it is %i', (status, concurrency) => {
    const limit = new AdaptiveLimit();
    limit.learn(0, answered(status, 1), false);
    expect(limit.concurrency).toBe(concurrency);
  });

  test('falls further for a timeout; not for one that is not the service’s, nor for an abort', () => {
    const limit = new AdaptiveLimit();
    limit.learn(0, departure('ignored', 1, { reason: 'timeout' }), true);
    limit.learn(0, departure('ignored', 1), true);
    expect(limit.concurrency).toBe(20);
    limit.learn(0, timedOut(1), true);
    expect(limit.concurrency).toBe(14);
  });

  test('one round trip of refusals cuts it once', () => {
    const limit = new AdaptiveLimit();
    for (let i = 0; i < 20; i++) limit.learn(i, answered(503, 100 + i), true);
    expect(limit.concurrency).toBe(18);
    limit.learn(101, answered(503, 200), true);
    expect(limit.concurrency).toBe(16);
  });

  test('stays from 1 to 1,000, whatever comes', () => {
    const sign = fc.constantFrom(good(0), answered(503, 0), timedOut(0), departure('ignored', 0));
    fc.assert(
      fc.property(fc.array(fc.tuple(sign, fc.boolean()), { maxLength: 300 }), (signs) => {
        const limit = new AdaptiveLimit();
        signs.forEach(([one, wasFull], now) => {
          limit.learn(now, { ...one, now: now + 0.5 }, wasFull);
          expect(limit.concurrency).toBeGreaterThanOrEqual(1);
          expect(limit.concurrency).toBeLessThanOrEqual(1_000);
        });
      }),
    );
    const grown = new AdaptiveLimit();
    for (let i = 0; i < 600_000; i++) grown.learn(0, good(0), true);
    expect(grown.concurrency).toBe(1_000);
  });

  test('is what a limit goes by, from the time at which each attempt was let in', () => {
    const limit = new Limit({ concurrency: 'adaptive', queue: 0 });
    const permits = Array.from({ length: 20 }, (_, i) => limit.enter(entry(1, i)));
    expect(limit.refusal()).toMatchObject({ by: 'limit' });
    for (const permit of permits) limit.leave(permit, answered(503, 50));
    expect([limit.concurrency, limit.describe()]).toEqual([18, 'limit 0 of 18 running']);
    limit.leave(limit.enter(entry(1, 51)), answered(503, 60));
    expect(limit.concurrency).toBe(16);
  });
});
