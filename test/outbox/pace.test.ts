import { describe, expect, test } from 'vitest';
import { Pace } from '../../src/outbox/pace.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** A destination, and how the giving of turns ends. */
function destination() {
  const silences: number[] = [];
  let rooms = 0;
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  const pace = new Pace(
    { concurrency: () => 10, base: SECOND, cap: 300 * SECOND },
    () => 0.5,
    (silence) => {
      silences.push(silence);
      return new Promise<void>((resolve, reject) => {
        settle = { resolve, reject };
      });
    },
    () => {
      rooms += 1;
    },
  );
  return {
    pace,
    silences,
    /** How often it was told that there is room. */
    rooms: () => rooms,
    send: (sign: 'answered' | 'failed' | 'neither', now: number, retryAt = 0) => {
      pace.begin();
      pace.ended(sign, now, retryAt);
    },
    turnsGiven: async (error?: Error) => {
      if (error === undefined) settle?.resolve();
      else settle?.reject(error);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Three in a row without an answer, at time 0. */
function down() {
  const there = destination();
  for (let n = 0; n < 3; n += 1) there.send('failed', 0);
  return there;
}

describe('the pace of a destination', () => {
  test('while all is well, there is room for everybody', () => {
    const { pace } = destination();
    for (let n = 0; n < 100; n += 1) pace.begin();
    expect(pace.room).toBe(Number.POSITIVE_INFINITY);
    expect(pace.probe(0)).toBe(false);
  });

  test('three failures in a row, and nothing is taken; a failure among answers holds nobody up', () => {
    const { pace, send } = destination();
    for (let now = 0; now < HOUR; now += 10 * SECOND) {
      send('failed', now);
      send('failed', now);
      send('answered', now);
      expect(pace.room).toBeGreaterThan(0);
    }
    for (let n = 0; n < 3; n += 1) send('failed', HOUR);
    expect(pace.room).toBe(0);
  });

  test('one refusal with the time of return, and nothing is sent before that', () => {
    const { pace, send } = destination();
    send('failed', 0, HOUR);
    expect(pace.room).toBe(0);
    expect(pace.probe(HOUR - 1)).toBe(false);
    expect(pace.probe(HOUR + 2 * SECOND)).toBe(true);
  });

  test('during an outage there is one probe at a time, more and more seldom, up to two a minute', () => {
    const { pace } = down();
    let probes = 0;
    for (let now = 0; now < HOUR; now += SECOND) {
      if (!pace.probe(now)) continue;
      probes += 1;
      expect(pace.probe(now)).toBe(false);
      pace.begin();
      pace.ended('failed', now);
    }
    expect(probes).toBeGreaterThan(90);
    expect(probes).toBeLessThan(130);
  });

  test('a probe that tells nothing, or for which there is no call, is followed by another', () => {
    const { pace, send } = down();
    expect(pace.probe(2 * SECOND)).toBe(true);
    send('neither', 2 * SECOND);
    expect(pace.probe(2 * SECOND)).toBe(true);
    pace.noProbe();
    expect(pace.probe(2 * SECOND)).toBe(true);
  });

  test('after the first answer nothing is taken before those that waited have their turns', async () => {
    const { pace, send, silences, turnsGiven } = down();
    expect(pace.probe(5 * SECOND)).toBe(true);
    send('failed', 5 * SECOND);
    expect(pace.probe(HOUR)).toBe(true);
    send('answered', HOUR);
    send('answered', HOUR);
    expect(silences).toEqual([HOUR - 5 * SECOND]);
    expect([pace.room, pace.probe(2 * HOUR)]).toEqual([0, false]);
    await turnsGiven();
    expect(pace.room).toBe(2);
  });

  test('if the turns could not be given, it stays down until the next probe', async () => {
    const { pace, send, turnsGiven } = down();
    pace.probe(HOUR);
    send('answered', HOUR);
    await turnsGiven(new Error('the database is away'));
    expect(pace.room).toBe(0);
    expect(pace.probe(HOUR)).toBe(false);
    expect(pace.probe(HOUR + SECOND)).toBe(true);
    send('answered', HOUR + SECOND);
    await turnsGiven();
    expect(pace.room).toBe(2);
  });

  test('after an outage, how many may be under way grows with every answer, until there is no limit', async () => {
    const { pace, send, turnsGiven, rooms } = down();
    pace.probe(HOUR);
    send('answered', HOUR);
    expect(rooms()).toBe(0);
    await turnsGiven();
    pace.begin();
    expect([pace.room, rooms()]).toEqual([1, 1]);
    pace.ended('answered', HOUR);
    expect([pace.room, rooms()]).toEqual([3, 2]);
    for (let n = 4; n < 10; n += 1) {
      send('answered', HOUR);
      expect([pace.room, rooms()]).toEqual([n, n - 1]);
    }
    send('answered', HOUR);
    send('answered', HOUR);
    expect([pace.room, rooms()]).toEqual([Number.POSITIVE_INFINITY, 9]);
  });

  test('calls whose keys have ended are looked for while it is down: at once, each half minute, and when one is known to end', () => {
    const { pace } = destination();
    expect(pace.looks(0)).toBe(false);
    const fallen = down().pace;
    expect([fallen.looks(0), fallen.looks(29 * SECOND), fallen.looks(30 * SECOND)]).toEqual([
      true,
      false,
      true,
    ]);
    fallen.lookAt(31 * SECOND);
    expect([fallen.looks(30.5 * SECOND), fallen.looks(31 * SECOND)]).toEqual([false, true]);
  });
});
