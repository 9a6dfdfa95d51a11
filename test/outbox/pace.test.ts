import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../src/outbox/pace.ts';
import { mostPerMinute } from './most-per-minute.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const terms = { concurrency: 10, base: SECOND, cap: 5 * MINUTE };

/** Adds calls at an even rate to a destination that is down for a while. Each call is retried when the server asks. */
function weather({
  rate,
  outage,
  seed = 1,
  restart = false,
}: {
  rate: number;
  outage: number;
  seed?: number;
  restart?: boolean;
}) {
  let dice = seed;
  const random = () => {
    dice = (dice * 48_271) % 2_147_483_647;
    return dice / 2_147_483_647;
  };
  const start = HOUR;
  const end = start + outage;
  let pace = new Pace(terms, random);
  const sends: number[] = [];
  const delivered: { addedAt: number; at: number }[] = [];
  /** What is due, by the second in which it is looked at. */
  const due = new Map<number, number[]>();
  const wait = (addedAt: number, until: number) => {
    const tick = Math.ceil(until / SECOND) * SECOND;
    due.set(tick, [...(due.get(tick) ?? []), addedAt]);
  };
  let [nextCall, added] = [0, 0];
  // In steps of a second, as a worker polls. Calls are added until the recovery would be over.
  for (let now = 0; now < end + 4 * outage + 5 * MINUTE; now += SECOND) {
    if (restart && now === start + outage / 2) pace = new Pace(terms, random);
    for (; nextCall <= now; nextCall += 1_000 / rate, added += 1) wait(nextCall, nextCall);
    for (const addedAt of (due.get(now) ?? []).sort((a, b) => a - b)) {
      const pause = pace.admit({ addedAt, until: addedAt + DAY }, now);
      if (pause > 0) {
        wait(addedAt, Math.max(now + pause, now + 1));
        continue;
      }
      sends.push(now);
      const isUp = now < start || now >= end;
      pace.ended(isUp ? 'answered' : 'failed', now);
      if (isUp) delivered.push({ addedAt, at: now });
      else wait(addedAt, now + 1 + random() * 30 * SECOND);
    }
    due.delete(now);
  }
  const waiting = [...due.values()].reduce((sum, { length }) => sum + length, 0);
  return { sends, delivered, added, start, end, waiting };
}

describe('the pace of a scope', () => {
  test('while all is well, everybody is sent at once', () => {
    const pace = new Pace(terms, () => 0.5);
    for (let n = 0; n < 10; n += 1) expect(pace.admit({ addedAt: n, until: DAY }, 1_000)).toBe(0);
  });

  test('an hour of outage with 10,000 calls waiting: afterwards never more than 1.5 times the normal rate, and all are delivered', () => {
    const rate = 10_000 / 3_600;
    for (const restart of [false, true]) {
      const { sends, delivered, added, end, waiting } = weather({ rate, outage: HOUR, restart });
      const backlog = delivered.filter(({ addedAt }) => addedAt < end && addedAt >= HOUR);
      expect(backlog.length).toBeGreaterThan(9_990);
      expect(mostPerMinute(sends, end)).toBeLessThanOrEqual(1.5 * rate * 60);
      expect(Math.max(...backlog.map(({ addedAt, at }) => at - addedAt))).toBeLessThan(DAY);
      expect(added - delivered.length).toBe(waiting);
      expect(waiting).toBeLessThan(5);
    }
  });

  test('during the outage there are only probes, and the first answers are not waited for long', () => {
    const { sends, delivered, start, end } = weather({ rate: 10, outage: HOUR });
    const probes = sends.filter((time) => time >= start + MINUTE && time < end).length;
    expect(probes).toBeLessThan((HOUR / MINUTE) * 6);
    expect(probes).toBeGreaterThan(HOUR / MINUTE);
    expect(delivered.find(({ at }) => at >= end)?.at).toBeLessThan(end + MINUTE);
  });

  test('new calls do not wait for those that waited', () => {
    const { delivered, end } = weather({ rate: 3, outage: 20 * MINUTE });
    const fresh = delivered.filter(({ addedAt }) => addedAt > end + MINUTE);
    expect(Math.max(...fresh.map(({ addedAt, at }) => at - addedAt))).toBeLessThan(5 * SECOND);
  });

  test('a short outage is soon over', () => {
    const { delivered, end } = weather({ rate: 5, outage: 10 * SECOND });
    const backlog = delivered.filter(({ addedAt }) => addedAt < end);
    expect(Math.max(...backlog.map(({ at }) => at)) - end).toBeLessThan(MINUTE);
  });

  test('whatever the rate and the length: all are delivered, and the pace is kept', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 2, max: 30 }),
        fc.integer({ min: 1, max: 1_000 }),
        (rate, minutes, seed) => {
          const { sends, end, waiting } = weather({ rate, outage: minutes * MINUTE, seed });
          expect(waiting).toBeLessThan(10);
          // Room for what lies across the edges of a minute.
          expect(mostPerMinute(sends, end)).toBeLessThanOrEqual(1.5 * rate * 60 + 5);
        },
      ),
      { numRuns: 10 },
    );
  });

  test('one call that keeps failing among others that do not, holds nobody up', () => {
    const pace = new Pace(terms, () => 0.5);
    for (let now = 0; now < HOUR; now += 10 * SECOND) {
      expect(pace.admit({ addedAt: 0, until: DAY }, now)).toBe(0);
      pace.ended('failed', now);
      expect(pace.admit({ addedAt: now, until: DAY }, now)).toBe(0);
      pace.ended('answered', now);
    }
  });

  test('a few calls that waited are no crowd: they are sent at once', () => {
    const pace = new Pace(terms, () => 0.5);
    for (let n = 0; n < 3; n += 1) {
      pace.begin();
      pace.ended('failed', n);
    }
    for (let n = 0; n < 10; n += 1) expect(pace.admit({ addedAt: n, until: DAY }, 10)).toBeGreaterThan(0);
    pace.begin();
    pace.ended('answered', HOUR);
    expect(pace.admit({ addedAt: 5, until: DAY }, HOUR)).toBe(0);
  });

  test('nobody waits past his time: a short-lived call goes before the pace', () => {
    const pace = new Pace(terms, () => 0.5);
    const until = HOUR + 10 * MINUTE;
    for (let n = 0; n < 3; n += 1) {
      pace.begin();
      pace.ended('failed', n);
    }
    for (let n = 0; n < 20; n += 1) pace.admit({ addedAt: n, until }, 10);
    pace.begin();
    pace.ended('answered', HOUR);
    const wait = pace.admit({ addedAt: HOUR - MINUTE, until }, HOUR);
    expect(HOUR + wait).toBeLessThan(until);
  });

  test('after an outage, how many may be under way grows with every answer', () => {
    const pace = new Pace(terms, () => 0.5);
    for (let n = 0; n < 3; n += 1) {
      pace.begin();
      pace.ended('failed', 0);
    }
    expect(pace.admit({ addedAt: 0, until: DAY }, MINUTE)).toBe(0);
    expect(pace.admit({ addedAt: 0, until: DAY }, MINUTE)).toBeGreaterThan(0);
    pace.ended('answered', MINUTE);
    const admitted = () => {
      let count = 0;
      while (pace.admit({ addedAt: 2 * MINUTE, until: DAY }, 2 * MINUTE) === 0) count += 1;
      return count;
    };
    expect(admitted()).toBe(2);
    pace.ended('answered', 2 * MINUTE);
    expect(admitted()).toBe(2);
  });
});
