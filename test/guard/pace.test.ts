import { expect, test } from 'vitest';
import { Pace } from '../../src/guard/pace.ts';

/** A scope to which calls came every `interval` milliseconds for a minute. */
function paceOf(interval: number): Pace {
  const pace = new Pace(0);
  for (let at = 0; at <= 60_000; at += interval) pace.count(at, false);
  return pace;
}

/** How fast a hundred waiting attempts go out from that time on, while calls still come every `interval` milliseconds. */
function releasesPerSecond(pace: Pace, from: number, interval = Number.POSITIVE_INFINITY): number {
  pace.begin(from);
  let now = from;
  let next = from + interval;
  for (let i = 0; i < 100; i++) {
    pace.sent(now, true);
    now = Math.max(now, pace.nextAt);
    for (; next <= now; next += interval) pace.count(next, true);
  }
  return 100_000 / (now - from);
}

test('a few attempts in a row are no crowd', () => {
  const pace = new Pace(0);
  for (let i = 0; i < 5; i++) pace.sent(0, false);
  expect(pace.isAhead(0)).toBe(false);
  pace.sent(0, false);
  expect(pace.isAhead(0)).toBe(true);
  // Half a call a second, times 1.3.
  expect(pace.isAhead(1_540)).toBe(false);
});

test('while calls wait, attempts go at 1.3 times the usual rate', () => {
  expect(releasesPerSecond(paceOf(100), 60_000, 100)).toBeCloseTo(13, 0);
});

test('the rate from before is kept while calls wait, and time passes for it only afterwards', () => {
  const pace = paceOf(50);
  pace.begin(60_000);
  expect(pace.usualRate(90_000)).toBeCloseTo(20, 0);
  pace.end(90_000);
  expect(pace.usualRate(90_000)).toBeCloseTo(20, 0);
  expect(pace.usualRate(120_000)).toBeLessThan(2);
});

test('a rate below one call a second is not kept: it is chance', () => {
  const pace = paceOf(2_000);
  pace.begin(60_000);
  expect(pace.usualRate(70_000)).toBeLessThan(0.3);
});

test('what usually comes in half a second is little', () => {
  const pace = paceOf(50);
  expect([10, 11].map((calls) => pace.isLittle(calls, 60_000))).toEqual([true, false]);
});

test('where calls usually take two attempts, more may be sent, up to half as many again', () => {
  const pace = new Pace(0);
  for (let at = 0; at <= 120_000; at += 100) {
    pace.count(at, false);
    for (let attempt = 0; attempt < 2; attempt++) pace.sent(at, false);
  }
  expect(releasesPerSecond(pace, 120_000, 100)).toBeCloseTo(19.5, 0);
});

test('a rate that was higher for a moment before the trouble is not kept while calls go on coming', () => {
  const pace = paceOf(100);
  for (let at = 60_000; at < 62_000; at += 50) pace.count(at, false);
  pace.begin(62_000);
  expect(pace.usualRate(62_000)).toBeGreaterThan(11.5);
  for (let at = 62_000; at < 92_000; at += 100) pace.count(at, true);
  expect(pace.usualRate(92_000)).toBeCloseTo(10, 0);
});

test('a batch after a quiet time goes at the rate at which it came', () => {
  const pace = paceOf(1_000);
  for (let at = 60_000; at < 61_000; at += 5) pace.count(at, false);
  expect(releasesPerSecond(pace, 61_000)).toBeGreaterThan(75);
});

test('one call and its retries are no batch', () => {
  const pace = paceOf(10_000);
  for (let i = 0; i < 5; i++) pace.count(60_000, false);
  expect(pace.usualRate(60_000)).toBeLessThan(1);
});

test('the attempts that calls take while some wait are not usual: they are as many as the pace allows', () => {
  const pace = paceOf(100);
  pace.begin(60_000);
  for (let at = 60_000; at <= 200_000; at += 100) {
    pace.count(at, true);
    for (let attempt = 0; attempt < 2; attempt++) pace.sent(at, true);
  }
  expect(releasesPerSecond(pace, 200_000, 100)).toBeLessThan(13.5);
});

test('a young scope learns them all the same: it knows nothing else', () => {
  const pace = new Pace(0);
  pace.begin(0);
  for (let at = 0; at <= 60_000; at += 100) {
    pace.count(at, true);
    for (let attempt = 0; attempt < 2; attempt++) pace.sent(at, true);
  }
  expect(releasesPerSecond(pace, 60_000, 100)).toBeGreaterThan(18);
});
