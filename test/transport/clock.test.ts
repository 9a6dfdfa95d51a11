import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TimeoutError } from '../../src/model/errors.ts';
import { AttemptClock, type Limits } from '../../src/transport/clock.ts';
import { LateStart } from '../../src/transport/undici/late-start.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

const never = Number.POSITIVE_INFINITY;
let runtime: ManualRuntime;
let ended: { at: number; error: TimeoutError }[];
let reader: { paused: boolean };
let sentAt: number | undefined;
/** What is to be done at the end of this turn of the event loop, after I/O. */
const afterwards = new Set<() => void>();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(globalThis, 'setTimeout');
  vi.spyOn(globalThis, 'setImmediate').mockImplementation(((run: () => void) => {
    afterwards.add(run);
    return run;
  }) as unknown as typeof setImmediate);
  vi.spyOn(globalThis, 'clearImmediate').mockImplementation((run) => {
    afterwards.delete(run as unknown as () => void);
  });
  runtime = new ManualRuntime();
  ended = [];
  reader = { paused: false };
  sentAt = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function start(limits: Partial<Limits>): AttemptClock {
  const whole = { attempt: never, idle: never, body: never, total: never, ...limits };
  const lateStart = new LateStart(whole.attempt);
  const timed = {
    get paused() {
      return reader.paused;
    },
    beginsAnew: (due: number, late: number) => lateStart.isGranted(due, late, sentAt),
    expired: (error: TimeoutError) => ended.push({ at: runtime.now(), error }),
  };
  return new AttemptClock({ deadline: runtime.now() + whole.total, ...whole }, runtime, timed);
}

/** Advances both the clock and the timers. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left--) {
    runtime.advance(1);
    vi.advanceTimersByTime(1);
    endTurn();
  }
}

function endTurn(): void {
  for (const run of afterwards) {
    afterwards.delete(run);
    run();
  }
}

const phases = () => ended.map(({ at, error }) => `${error.phase} at ${at}`);

/** The one timer that is set; fails if there are more. */
function timer(): NodeJS.Timeout {
  expect(vi.getTimerCount()).toBe(1);
  return vi.mocked(setTimeout).mock.results.at(-1)?.value;
}

test('without headers in time the attempt clock runs out, once, and says so', () => {
  start({ attempt: 30, idle: 10 });
  pass(29);
  expect(phases()).toEqual([]);
  pass(100);
  expect(phases()).toEqual(['attempt at 30']);
  expect(ended[0]?.error.message).toBe('The attempt had no response headers within 30 ms (timeout.attempt)');
  expect(vi.getTimerCount()).toBe(0);
});

test('the idle clock starts with the headers, and anew with each chunk', () => {
  const clock = start({ attempt: 30, idle: 10 });
  pass(25);
  clock.answered();
  pass(9);
  clock.chunk();
  pass(9);
  clock.chunk();
  pass(9);
  expect(phases()).toEqual([]);
  pass(50);
  expect(phases()).toEqual(['idle at 53']);
});

test('an idle limit that is longer than the attempt limit counts from the headers, too', () => {
  const clock = start({ attempt: 10, idle: 40 });
  pass(5);
  clock.answered();
  pass(100);
  expect(phases()).toEqual(['idle at 45']);
});

test('the total deadline runs beside both', () => {
  start({ attempt: 30, total: 20 });
  const dripping = start({ attempt: 30, idle: 10, total: 20 });
  dripping.answered();
  for (let i = 0; i < 10; i++) {
    pass(5);
    dripping.chunk();
  }
  expect(phases()).toEqual(['total at 20', 'total at 20']);
});

test('once the response is handed over, the total deadline is kept, and only silence ends a body', () => {
  const clock = start({ attempt: 30, idle: 10, total: 20 });
  clock.answered();
  clock.released();
  for (let chunk = 0; chunk < 6; chunk++) {
    pass(8);
    clock.chunk();
  }
  expect(phases()).toEqual([]);
  pass(10);
  expect(phases()).toEqual(['idle at 58']);
});

test('a body may be given a time of its own, which runs from the headers on', () => {
  const clock = start({ attempt: 30, idle: 10, body: 20 });
  pass(15);
  clock.answered();
  clock.released();
  for (let chunk = 0; chunk < 6; chunk++) {
    pass(8);
    clock.chunk();
  }
  expect(phases()).toEqual(['body at 35']);
});

test('if the attempt ends with the call, it was the total deadline', () => {
  start({ attempt: 20, total: 20 });
  pass(20);
  expect(phases()).toEqual(['total at 20']);
});

test('a deadline that has passed already runs out at once', () => {
  start({ attempt: 20, total: 20, deadline: -5 });
  pass(1);
  expect(phases()).toEqual(['total at 1']);
});

test('after a redirect the attempt clock goes on, and does not begin again', () => {
  const clock = start({ attempt: 30, idle: 10 });
  pass(20);
  clock.answered();
  pass(5);
  clock.waiting();
  pass(100);
  expect(phases()).toEqual(['attempt at 30']);
});

test('after a redirect whose body has ended the attempt clock goes on', () => {
  const clock = start({ attempt: 30, idle: 10 });
  clock.answered();
  clock.stop();
  pass(20);
  clock.waiting();
  pass(100);
  expect(phases()).toEqual(['attempt at 30']);
});

test("while the reader pauses, silence is not the server's; then it has its whole time anew", () => {
  const clock = start({ idle: 10 });
  clock.answered();
  reader.paused = true;
  clock.chunk();
  pass(95);
  reader.paused = false;
  expect(phases()).toEqual([]);
  pass(100);
  expect(ended).toHaveLength(1);
  expect(ended[0]?.error.phase).toBe('idle');
  // It resumed at 95: not before 105, and no later than two ticks after it.
  expect(ended[0]?.at).toBeGreaterThanOrEqual(105);
  expect(ended[0]?.at).toBeLessThanOrEqual(115);
});

test('a pause of the reader does not stop the total deadline', () => {
  const clock = start({ idle: 10, total: 35 });
  clock.answered();
  reader.paused = true;
  clock.chunk();
  pass(100);
  expect(phases()).toEqual(['total at 35']);
});

test("a reader that paused on a redirect's body does not excuse the silence of the next", () => {
  const clock = start({ attempt: 50, idle: 10 });
  clock.answered();
  reader.paused = true;
  clock.chunk();
  reader.paused = false;
  clock.waiting();
  clock.answered();
  pass(100);
  expect(phases()).toEqual(['idle at 10']);
});

test('a body that cannot be watched is only held to the deadline', () => {
  const clock = start({ attempt: 30, idle: 10, total: 80 });
  clock.unwatched();
  pass(200);
  expect(phases()).toEqual(['total at 80']);
});

test('however many chunks come, there is one timer, and they do not touch it', () => {
  const clock = start({ attempt: 1_000, idle: 1_000, total: 5_000 });
  clock.answered();
  for (let i = 0; i < 200; i++) {
    pass(1);
    clock.chunk();
    timer();
  }
  expect(setTimeout).toHaveBeenCalledTimes(1);
});

test('Infinity everywhere is no timer at all', () => {
  const clock = start({});
  clock.answered();
  clock.chunk();
  clock.waiting();
  expect(vi.getTimerCount()).toBe(0);
});

test('the timer keeps the process alive while there is no answer, and no longer', () => {
  const clock = start({ attempt: 20, idle: 10 });
  expect(timer().hasRef()).toBe(true);
  clock.answered();
  expect(timer().hasRef()).toBe(false);
  pass(5);
  clock.chunk();
  pass(6);
  // It looked at 10 whether it is due, and was set again for 15.
  expect(timer().hasRef()).toBe(false);
  clock.waiting();
  expect(timer().hasRef()).toBe(true);
  clock.unwatched();
});

test.each(['waiting', 'answered', 'unwatched'] as const)('stop ends it when it is %s', (phase) => {
  const clock = start({ attempt: 20, idle: 10, total: 30 });
  clock[phase]();
  clock.stop();
  expect(vi.getTimerCount()).toBe(0);
  pass(50);
  expect(ended).toEqual([]);
});

/** The process is busy for so long; then the timer fires, and what has come meanwhile is yet to be read. */
function block(ms: number): void {
  runtime.advance(ms);
  vi.advanceTimersToNextTimer();
}

test('an answer that was here all the time, in a process that was too busy to read it, counts', () => {
  const clock = start({ attempt: 30, idle: 10 });
  block(200);
  clock.answered();
  endTurn();
  expect(phases()).toEqual([]);
  pass(10);
  expect(phases()).toEqual(['idle at 210']);
});

test('so does a chunk; but after the total deadline nothing does', () => {
  const clock = start({ attempt: 30, idle: 10, total: 300 });
  clock.answered();
  block(200);
  clock.chunk();
  endTurn();
  expect(phases()).toEqual([]);
  block(200);
  clock.chunk();
  endTurn();
  expect(phases()).toEqual(['total at 400']);
});

test('what ends in between does not run out', () => {
  const clock = start({ attempt: 30 });
  block(30);
  clock.stop();
  endTurn();
  expect(phases()).toEqual([]);
});

test('a timer that fires early is set again', () => {
  start({ attempt: 30 });
  vi.advanceTimersByTime(30);
  endTurn();
  expect(phases()).toEqual([]);
  runtime.advance(30);
  vi.advanceTimersByTime(30);
  endTurn();
  expect(phases()).toEqual(['attempt at 30']);
});

describe('a process that did not run while an attempt had its time', () => {
  /** No timer and no input is looked at meanwhile. */
  function beAway(ms: number): void {
    runtime.advance(ms);
  }

  test.each<[when: string, before: () => void]>([
    ['was not sent yet', () => {}],
    [
      'was sent when that time was over',
      () => {
        sentAt = runtime.now();
      },
    ],
  ])('gives it its time anew, once, if the request %s', (_when, before) => {
    sentAt = undefined;
    start({ attempt: 1_000 });
    beAway(1_500);
    before();
    vi.advanceTimersByTime(1_000);
    endTurn();
    expect(phases()).toEqual([]);
    pass(999);
    expect(phases()).toEqual([]);
    beAway(1_500);
    vi.advanceTimersByTime(1);
    endTurn();
    expect(phases()).toEqual(['attempt at 3999']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each<[when: string, limits: Partial<Limits>, sentAt: number | undefined]>([
    ['the request was sent before', { attempt: 1_000 }, 0],
    ['the whole call is over by then', { attempt: 1_000, total: 1_100 }, undefined],
  ])('does not, if %s', (_when, limits, known) => {
    sentAt = known;
    start(limits);
    beAway(1_500);
    vi.advanceTimersByTime(1_000);
    endTurn();
    expect(ended).toHaveLength(1);
  });

  test('does not, if it was only a little late', () => {
    sentAt = undefined;
    start({ attempt: 1_000 });
    beAway(1_099);
    vi.advanceTimersByTime(1_000);
    endTurn();
    expect(phases()).toEqual(['attempt at 1099']);
  });
});

test('a reader that is busy for longer than the idle limit, between two pieces, is no silent server', () => {
  const clock = start({ idle: 100 });
  clock.answered();
  for (let piece = 0; piece < 3; piece++) {
    runtime.advance(150);
    vi.advanceTimersByTime(150);
    // The timer has fired; now the input is read, and its reader is busy again.
    clock.chunk();
    runtime.advance(150);
    endTurn();
  }
  expect(phases()).toEqual([]);
  // Now nothing has come for longer than that.
  pass(1);
  expect(phases()).toHaveLength(1);
});
