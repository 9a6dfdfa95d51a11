import { describe, expect, test } from 'vitest';
import { Pace, type Sign } from '../../src/outbox/pace.ts';

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
  let calls = 0;
  const send = (sign: Sign, now: number, retryAt = 0, call?: string) => {
    calls += 1;
    pace.ended(pace.begin(call ?? `call-${calls}`), sign, now, retryAt);
  };
  return {
    pace,
    silences,
    /** How often it was told that there is room. */
    rooms: () => rooms,
    send,
    /** Takes the probe, and sends it. */
    probe: (sign: Sign, now: number) => {
      expect(pace.probe(now)).toBe(true);
      calls += 1;
      pace.probeIs(`call-${calls}`);
      send(sign, now, 0, `call-${calls}`);
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
    for (let n = 0; n < 100; n += 1) pace.begin(`call-${n}`);
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
    const { pace, send } = down();
    let probes = 0;
    for (let now = 0; now < HOUR; now += SECOND) {
      if (!pace.probe(now)) continue;
      probes += 1;
      expect(pace.probe(now)).toBe(false);
      pace.probeIs(`probe-${probes}`);
      send('failed', now, 0, `probe-${probes}`);
    }
    expect(probes).toBeGreaterThan(90);
    expect(probes).toBeLessThan(130);
  });

  test('a probe that tells nothing, or for which there is no call, is followed by another', () => {
    const { pace, probe } = down();
    probe('neither', 2 * SECOND);
    expect(pace.probe(2 * SECOND)).toBe(true);
    pace.noProbe();
    expect(pace.probe(2 * SECOND)).toBe(true);
  });

  test('a probe whose key ended before it was sent is followed by another; what else is not sent is no matter', () => {
    const { pace } = down();
    expect(pace.probe(2 * SECOND)).toBe(true);
    pace.probeIs('late');
    pace.noProbe('other');
    expect(pace.probe(2 * SECOND)).toBe(false);
    pace.noProbe('late');
    expect(pace.probe(2 * SECOND)).toBe(true);
  });

  test('however many were under way when it went down, the first probe comes as soon', () => {
    const { pace, send } = down();
    for (let n = 0; n < 50; n += 1) send('failed', 100);
    expect(pace.probe(1.25 * SECOND)).toBe(true);
  });

  test('one call that always fails does not make it down, however often it is tried', () => {
    const { pace, send } = destination();
    for (let now = 0; now < HOUR; now += SECOND) send('failed', now, 0, 'poison');
    expect(pace.room).toBeGreaterThan(0);
  });

  test('calls that always fail, however many, do not make it down once others were answered between', () => {
    const { pace, send } = destination();
    const fail = (call: number, now: number) => send('failed', now, now + SECOND, `poison-${call}`);
    for (let n = 0; n < 300; n += 1) {
      send('failed', 0, 0, `poison-${n % 100}`);
      send('answered', 0);
    }
    for (let n = 0; n < 100; n += 1) fail(n, SECOND);
    expect(pace.room).toBeGreaterThan(0);
    fail(100, SECOND);
    expect(pace.room).toBe(0);
  });

  test('where three sendings of ten fail by chance, it is hardly ever taken to be down; when all fail, it soon is', () => {
    const { pace, send } = destination();
    let dice = 7;
    const random = () => {
      dice = (dice * 48_271) % 2_147_483_647;
      return dice / 2_147_483_647;
    };
    for (let n = 0; n < 30; n += 1) send(n % 3 === 1 ? 'failed' : 'answered', 0);
    for (let n = 0; n < 5_000; n += 1) {
      send(random() < 0.3 ? 'failed' : 'answered', 0);
      expect(pace.room).toBeGreaterThan(0);
    }
    for (let n = 0; n < 12; n += 1) send('failed', 0);
    expect(pace.room).toBe(0);
  });

  test('an answer to what was under way does not end the pause that it asked for since; a later one does', async () => {
    const { pace, send } = destination();
    send('answered', 0);
    const before = pace.begin('before');
    send('failed', SECOND, 60 * SECOND);
    pace.ended(before, 'answered', 2 * SECOND);
    expect([pace.room, pace.probe(59 * SECOND)]).toEqual([0, false]);
    send('answered', 3 * SECOND);
    expect(pace.room).toBe(2);
  });

  test('a pause that it asks for while turns are given is kept', async () => {
    const { pace, send, probe, turnsGiven } = down();
    probe('answered', HOUR);
    send('failed', HOUR, HOUR + 60 * SECOND);
    await turnsGiven();
    expect([pace.room, pace.probe(HOUR + 59 * SECOND), pace.probe(HOUR + 60 * SECOND)]).toEqual([
      0,
      false,
      true,
    ]);
  });

  test('after a few seconds nobody is given a turn, but for many such rests one after another, or at a start', async () => {
    const { pace, send, probe, silences } = destination();
    const rest = (now: number) => {
      send('failed', now, now + 4 * SECOND);
      probe('answered', now + 4 * SECOND);
    };
    send('answered', 0);
    rest(0);
    expect([pace.room, silences]).toEqual([2, []]);
    for (let n = 1; n < 100; n += 1) rest(n * 8 * SECOND);
    expect(silences).toEqual([]);
    const end = 800 * SECOND;
    rest(end);
    rest(end + 4 * SECOND);
    rest(end + 8 * SECOND);
    expect(silences.length).toBe(1);
    const fresh = down();
    fresh.probe('answered', 2 * SECOND);
    expect(fresh.silences.length).toBe(1);
  });

  test('after the first answer nothing is taken before those that waited have their turns', async () => {
    const { pace, send, probe, silences, turnsGiven } = down();
    probe('failed', 5 * SECOND);
    probe('answered', HOUR);
    send('answered', HOUR);
    expect(silences).toEqual([HOUR - 5 * SECOND]);
    expect([pace.room, pace.probe(2 * HOUR)]).toEqual([0, false]);
    await turnsGiven();
    expect(pace.room).toBe(2);
  });

  test('if the turns could not be given, it stays down until the next probe', async () => {
    const { pace, probe, turnsGiven } = down();
    probe('answered', HOUR);
    await turnsGiven(new Error('the database is away'));
    expect(pace.room).toBe(0);
    expect(pace.probe(HOUR)).toBe(false);
    probe('answered', HOUR + SECOND);
    await turnsGiven();
    expect(pace.room).toBe(2);
  });

  test('after an outage, how many may be under way grows with every answer, until there is no limit', async () => {
    const { pace, send, probe, turnsGiven, rooms } = down();
    probe('answered', HOUR);
    expect(rooms()).toBe(0);
    await turnsGiven();
    const sending = pace.begin('call');
    expect([pace.room, rooms()]).toEqual([1, 1]);
    pace.ended(sending, 'answered', HOUR);
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
