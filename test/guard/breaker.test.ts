import { describe, expect, test } from 'vitest';
import { CircuitBreaker } from '../../src/guard/breaker.ts';
import type { Failure } from '../../src/guard/failure-log.ts';
import { FailureWindows } from '../../src/guard/failure-windows.ts';
import type { Outcome, Permit } from '../../src/guard/guard.ts';
import { Random } from '../../src/lab/random.ts';
import type { Transition } from '../../src/model/breaker.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';
import { departure } from './departure.ts';

const rule = { threshold: 0.5, minimum: 5, window: 10_000, cooldown: 5_000, maxCooldown: 60_000 };

function setup(overrides: Partial<typeof rule> = {}) {
  const runtime = new ManualRuntime();
  const seen: Transition[] = [];
  const windows = new FailureWindows();
  const breaker = new CircuitBreaker({ ...rule, ...overrides }, runtime, windows, (transition) => {
    seen.push(transition);
  });
  const isRefused = () => breaker.refusal({ endpoint: '/', now: runtime.now() }) !== undefined;
  const enter = (): Permit => {
    if (isRefused()) throw new Error(`${breaker.state} breaker gave no permit`);
    return breaker.enter({ endpoint: '/', now: runtime.now() });
  };
  const leave = (permit: Permit, outcome: Outcome) =>
    breaker.leave(permit, departure(outcome, runtime.now()));
  const attempt = async (outcome: Outcome) => await leave(enter(), outcome);
  const attempts = async (count: number, outcome: Outcome) => {
    for (let i = 0; i < count; i++) await attempt(outcome);
  };
  const path = () => seen.map(({ from, to }) => `${from} → ${to}`);
  return { runtime, breaker, isRefused, enter, leave, attempt, attempts, path, seen };
}

/** Jitter: the dice show 0.5, so a cooldown of 5,000 lasts 4,375. */
const COOLDOWN = 4_375;

test('opens when the share of failures reaches the threshold', async () => {
  const { breaker, attempts, attempt, path } = setup();
  await attempts(3, 'success');
  await attempts(2, 'failure');
  expect(breaker.state).toBe('closed');
  await attempt('failure');
  expect(breaker.state).toBe('open');
  expect(path()).toEqual(['closed → open']);
});

test('does not open below the minimum of attempts, not even when all fail', async () => {
  const { breaker, attempts, attempt } = setup();
  await attempts(4, 'failure');
  expect(breaker.state).toBe('closed');
  await attempt('failure');
  expect(breaker.state).toBe('open');
});

test('opens when so many attempts in a row failed, whatever came before: an outage shows at once', async () => {
  const { breaker, attempts } = setup();
  await attempts(100, 'success');
  await attempts(4, 'failure');
  expect(breaker.state).toBe('closed');
  await attempts(1, 'failure');
  expect(breaker.state).toBe('open');
});

test('a threshold of 1 opens when everything fails, and only then', async () => {
  const { breaker, attempt, attempts } = setup({ threshold: 1 });
  await attempt('success');
  for (let i = 0; i < 50; i++) {
    await attempts(4, 'failure');
    await attempt('success');
  }
  expect(breaker.state).toBe('closed');
  const all = setup({ threshold: 1 });
  await all.attempts(5, 'failure');
  expect(all.breaker.state).toBe('open');
});

test('ignored attempts count neither as failures nor as calls', async () => {
  const { breaker, attempts } = setup();
  await attempts(100, 'ignored');
  await attempts(4, 'failure');
  expect(breaker.state).toBe('closed');
  await attempts(1, 'failure');
  expect(breaker.state).toBe('open');
});

test('failures that have left the window count no more', async () => {
  const { breaker, attempts, runtime } = setup();
  await attempts(4, 'failure');
  await attempts(1, 'success');
  runtime.advance(10_001);
  await attempts(4, 'failure');
  expect(breaker.state).toBe('closed');
});

test('a window that never empties still lets go of what is old', async () => {
  const { breaker, attempts, runtime } = setup();
  await attempts(4, 'failure');
  runtime.advance(5_000);
  await attempts(1, 'success');
  runtime.advance(5_500);
  await attempts(3, 'failure');
  expect(breaker.state).toBe('closed');
  await attempts(1, 'failure');
  expect(breaker.state).toBe('open');
});

test('failures within the window count together, slice by slice', async () => {
  const { breaker, attempts, runtime } = setup();
  for (let i = 0; i < 4; i++) {
    await attempts(1, 'failure');
    runtime.advance(2_000);
  }
  expect(breaker.state).toBe('closed');
  await attempts(1, 'failure');
  expect(breaker.state).toBe('open');
});

test('an attempt slower than the window still counts: its start and its end are one', async () => {
  const { breaker, enter, runtime, leave } = setup({ window: 1_000 });
  const permits = Array.from({ length: 5 }, enter);
  runtime.advance(5_000);
  for (const permit of permits) await leave(permit, 'failure');
  expect(breaker.state).toBe('open');
});

test('an open breaker gives no permit until its jittered cooldown is over, then one', async () => {
  const { breaker, attempts, runtime, path, isRefused, enter } = setup();
  await attempts(5, 'failure');
  expect(isRefused()).toBe(true);
  expect(breaker.retryAt).toBe(runtime.epoch() + COOLDOWN);
  runtime.advance(COOLDOWN - 1);
  expect(isRefused()).toBe(true);
  runtime.advance(1);
  expect(isRefused()).toBe(false);
  enter();
  expect(isRefused()).toBe(true);
  expect(path()).toEqual(['closed → open', 'open → half-open']);
});

test('the probe closes it when it succeeds', async () => {
  const { breaker, attempts, attempt, runtime, path } = setup();
  await attempts(5, 'failure');
  runtime.advance(COOLDOWN);
  await attempt('success');
  expect(breaker.state).toBe('closed');
  expect(path()).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
});

test('the probe opens it again when it fails: the older the trouble, the longer the cooldown, up to the maximum', async () => {
  const { breaker, attempts, attempt, runtime } = setup({ cooldown: 1_000, maxCooldown: 6_000 });
  await attempts(5, 'failure');
  const cooldowns: number[] = [];
  for (const age of [5_000, 20_000, 40_000, 100_000]) {
    runtime.time = age;
    await attempt('failure');
    // The dice show 0.5: an eighth of the cooldown is taken off.
    cooldowns.push(((breaker.retryAt ?? 0) - runtime.epoch()) / 0.875);
  }
  expect(cooldowns).toEqual([1_000, 2_000, 4_000, 6_000]);
});

test('the cooldown starts small again after a recovery', async () => {
  const { breaker, attempts, attempt, runtime } = setup();
  await attempts(5, 'failure');
  runtime.advance(COOLDOWN);
  await attempt('failure');
  runtime.advance(100_000);
  await attempt('failure');
  runtime.advance(100_000);
  await attempt('success');
  runtime.advance(30_000);
  await attempts(5, 'failure');
  expect(breaker.retryAt).toBe(runtime.epoch() + COOLDOWN);
});

test('a cancelled probe decides nothing, and the next call is the probe', async () => {
  const { breaker, attempts, attempt, runtime, path } = setup();
  await attempts(5, 'failure');
  runtime.advance(COOLDOWN);
  await attempt('ignored');
  expect(breaker.state).toBe('half-open');
  await attempt('success');
  expect(path()).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
});

test('a probe that does not come back keeps others waiting for another cooldown only', async () => {
  const { breaker, attempts, enter, runtime, isRefused, leave } = setup();
  await attempts(5, 'failure');
  runtime.advance(COOLDOWN);
  enter();
  runtime.advance(4_999);
  expect(isRefused()).toBe(true);
  runtime.advance(1);
  await leave(enter(), 'success');
  expect(breaker.state).toBe('closed');
});

test('a service slower than the cooldown is not probed for ever: the first probe to be answered closes it', async () => {
  const { breaker, attempts, enter, runtime, leave } = setup();
  await attempts(5, 'failure');
  runtime.advance(COOLDOWN);
  const slow = enter();
  runtime.advance(5_000);
  const second = enter();
  runtime.advance(1_000);
  await leave(slow, 'success');
  expect(breaker.state).toBe('closed');
  await leave(second, 'failure');
  expect(breaker.state).toBe('closed');
});

test('a success that began before the breaker opened does not close it', async () => {
  const { breaker, enter, attempts, runtime, leave } = setup();
  const early = enter();
  await attempts(5, 'failure');
  await leave(early, 'success');
  expect(breaker.state).toBe('open');
  runtime.advance(COOLDOWN);
  enter();
  await leave(early, 'success');
  expect(breaker.state).toBe('half-open');
});

test('a failure that began before the breaker closed again does not count in the new period', async () => {
  const { breaker, enter, attempts, attempt, runtime, leave } = setup({ minimum: 1 });
  const early = enter();
  await attempts(1, 'failure');
  runtime.advance(COOLDOWN);
  await attempt('success');
  await leave(early, 'failure');
  expect(breaker.state).toBe('closed');
});

test('statistics start fresh after closing: one failure does not open it again', async () => {
  const { breaker, attempts, attempt, runtime } = setup();
  await attempts(5, 'failure');
  runtime.advance(COOLDOWN);
  await attempt('success');
  await attempts(4, 'failure');
  expect(breaker.state).toBe('closed');
});

test('rejected calls do not count: after a trip and 100 rejects, five failures open it again', async () => {
  const { breaker, attempts, attempt, runtime, isRefused } = setup();
  await attempts(5, 'failure');
  for (let i = 0; i < 100; i++) expect(isRefused()).toBe(true);
  runtime.advance(COOLDOWN);
  await attempt('success');
  await attempts(5, 'failure');
  expect(breaker.state).toBe('open');
});

test('failures that settle together open it once', async () => {
  const { breaker, enter, path, leave } = setup();
  const permits = Array.from({ length: 20 }, enter);
  await Promise.all(permits.map((permit) => leave(permit, 'failure')));
  expect(path()).toEqual(['closed → open']);
  expect(breaker.state).toBe('open');
});

test('isolated stays isolated whatever happens, until it is restored with fresh statistics', async () => {
  const { breaker, enter, attempts, runtime, path, isRefused, leave } = setup();
  await attempts(4, 'failure');
  const early = enter();
  breaker.isolate();
  breaker.isolate();
  await leave(early, 'success');
  runtime.advance(1_000_000);
  expect(isRefused()).toBe(true);
  expect(breaker.retryAt).toBeUndefined();
  breaker.restore();
  await attempts(4, 'failure');
  expect(breaker.state).toBe('closed');
  expect(path()).toEqual(['closed → isolated', 'isolated → closed']);
});

test('restore leaves a breaker that opened by itself alone', async () => {
  const { breaker, attempts } = setup();
  await attempts(5, 'failure');
  breaker.restore();
  expect(breaker.state).toBe('open');
});

test('each transition says when, from what, to what and why', async () => {
  const { attempts, runtime, seen } = setup();
  runtime.advance(1_234);
  await attempts(5, 'failure');
  expect(seen).toMatchObject([
    { from: 'closed', to: 'open', at: runtime.epoch(), reason: 'too many attempts failed' },
  ]);
});

test('an opened breaker leaves no timer behind', async () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const { attempts } = setup();
  await attempts(5, 'failure');
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
});

test('what it exports holds another process off for what is left of the cooldown, no longer, no shorter', async () => {
  const { breaker, attempts, runtime } = setup();
  expect(breaker.record()).toBeUndefined();
  await attempts(5, 'failure');
  runtime.advance(1_000);
  const record = breaker.record();

  const later = new ManualRuntime();
  later.time = 1_500;
  const heir = new CircuitBreaker(rule, later, new FailureWindows(), () => {}, record);
  expect(heir.state).toBe('open');
  expect(heir.since).toBe(breaker.since);
  expect(heir.retryAt).toBe(breaker.retryAt);
  later.time = COOLDOWN - 1;
  expect(heir.refusal({ endpoint: '/', now: later.time })).toBeDefined();
  later.time = COOLDOWN;
  expect(heir.refusal({ endpoint: '/', now: later.time })).toBeUndefined();
  await heir.leave(heir.enter({ endpoint: '/', now: later.time }), departure('failure', later.time));
  expect(heir.retryAt).toBe(later.epoch() + COOLDOWN);
});

test('an isolated breaker is exported as isolated, a half-open one as open with its cooldown over', async () => {
  const { breaker, attempts, enter, runtime } = setup();
  await attempts(5, 'failure');
  runtime.advance(COOLDOWN);
  enter();
  expect(breaker.record()).toMatchObject({ state: 'open', retryAt: runtime.epoch(), cooldown: 5_000 });
  breaker.isolate();
  const record = breaker.record();
  expect(record).toEqual({ state: 'isolated', since: runtime.epoch() });
  const heir = new CircuitBreaker(rule, runtime, new FailureWindows(), () => {}, record);
  expect(heir.refusal({ endpoint: '/', now: runtime.now() })).toBeDefined();
  heir.restore();
  expect(heir.state).toBe('closed');
});

test('a clock that was set back in between can make an inherited cooldown no longer than the longest', () => {
  const runtime = new ManualRuntime();
  const record = {
    state: 'open',
    since: runtime.epoch(),
    retryAt: runtime.epoch() + 1e9,
    cooldown: 1e9,
  } as const;
  const heir = new CircuitBreaker(rule, runtime, new FailureWindows(), () => {}, record);
  runtime.advance(60_000 - 1);
  expect(heir.refusal({ endpoint: '/', now: runtime.now() })).toBeDefined();
  runtime.advance(1);
  expect(heir.refusal({ endpoint: '/', now: runtime.now() })).toBeUndefined();
});

test('each way from state to state has its reason', async () => {
  const { breaker, attempts, attempt, runtime, seen, isRefused } = setup();
  expect(isRefused()).toBe(false);
  await attempts(5, 'failure');
  runtime.advance(COOLDOWN);
  await attempt('failure');
  runtime.advance(2 * COOLDOWN);
  await attempt('success');
  breaker.isolate();
  breaker.restore();
  expect(seen.map(({ reason }) => reason)).toEqual([
    'too many attempts failed',
    'the cooldown is over: one probe',
    'the probe failed',
    'the cooldown is over: one probe',
    'the probe succeeded',
    'isolated by hand',
    'restored by hand',
  ]);
});

describe('an answer whose body breaks off', () => {
  const broken = (duration = 10) => ({ now: 0, reason: 'network' as const, duration, endpoint: '/' });
  const good = async ({ enter, leave }: ReturnType<typeof setup>): Promise<Permit> => {
    const permit = enter();
    await leave(permit, 'success');
    return permit;
  };

  test('is a failure, and no success: when all of them do, it opens, whatever the threshold', async () => {
    const stage = setup({ threshold: 1, minimum: 20 });
    for (let i = 0; i < 20; i++) {
      expect(stage.breaker.state).toBe('closed');
      await stage.breaker.broke(await good(stage), broken());
    }
    expect(stage.breaker.state).toBe('open');
  });

  test('counts as much as any other failure, and no more', async () => {
    const stage = setup({ minimum: 100 });
    // 49 of 100 answers break off.
    for (let i = 0; i < 100; i++) {
      const permit = await good(stage);
      if (i % 2 === 1 && i < 98) await stage.breaker.broke(permit, broken());
    }
    expect(stage.breaker.state).toBe('closed');
    for (let i = 0; i < 3; i++) await stage.breaker.broke(await good(stage), broken());
    expect(stage.breaker.state).toBe('open');
  });

  test('after its success has left the window takes none back', async () => {
    const stage = setup({ minimum: 4, threshold: 0.5 });
    const long = await good(stage);
    await stage.breaker.broke(long, broken(20_000));
    await good(stage);
    await good(stage);
    // 3 successes, 2 failures. Had it taken one back, there would be 2.
    await stage.attempt('failure');
    expect(stage.breaker.state).toBe('closed');
  });

  test('as that of a probe opens it again, as long as no other was whole', async () => {
    const stage = setup({ minimum: 1 });
    await stage.attempt('failure');
    stage.runtime.advance(COOLDOWN);
    const probe = await good(stage);
    expect(stage.breaker.state).toBe('closed');
    await stage.breaker.broke(probe, broken());
    expect(stage.breaker.state).toBe('open');
    expect(stage.seen.at(-1)?.reason).toBe('the answer to the probe broke off');

    stage.runtime.advance(2 * COOLDOWN);
    const next = await good(stage);
    await good(stage);
    await stage.breaker.broke(next, broken());
    expect(stage.breaker.state).toBe('closed');
  });

  test('from before it opened decides nothing', async () => {
    const stage = setup({ minimum: 1 });
    const early = await good(stage);
    await stage.attempt('failure');
    expect(stage.breaker.state).toBe('open');
    stage.runtime.advance(COOLDOWN);
    stage.enter();
    await stage.breaker.broke(early, broken());
    expect(stage.breaker.state).toBe('half-open');
  });
});

describe('a breaker that opens again soon after it closed', () => {
  test('needs twice as much each time: a service that is neither up nor down is left as it is', async () => {
    const { breaker, attempt, attempts, runtime } = setup();
    for (const needed of [5, 5, 10, 20]) {
      await attempts(needed - 1, 'failure');
      expect(breaker.state).toBe('closed');
      await attempts(1, 'failure');
      expect(breaker.state).toBe('open');
      runtime.advance(COOLDOWN);
      await attempt('success');
    }
  });

  test('is a little quicker again with every half minute that it stayed closed', async () => {
    const { breaker, attempt, attempts, runtime } = setup();
    for (const needed of [5, 5, 10, 20]) {
      await attempts(needed, 'failure');
      runtime.advance(COOLDOWN);
      await attempt('success');
    }
    // Forty were needed now. An opening a minute later takes two steps back.
    runtime.advance(60_000);
    await attempts(40, 'failure');
    runtime.advance(COOLDOWN);
    await attempt('success');
    await attempts(9, 'failure');
    expect(breaker.state).toBe('closed');
    await attempts(1, 'failure');
    expect(breaker.state).toBe('open');
  });

  test('is as quick as ever once it has been closed for long', async () => {
    const { breaker, attempt, attempts, runtime } = setup();
    for (const closedFor of [0, 30_000]) {
      runtime.advance(closedFor);
      await attempts(5, 'failure');
      expect(breaker.state).toBe('open');
      runtime.advance(COOLDOWN);
      await attempt('success');
    }
  });
});

describe('a server that asks to be left alone', () => {
  const word = (now: number) => departure('success', now, { reason: 'status', asked: 3_000 });
  function served() {
    const all = setup();
    const { breaker, runtime, isRefused, enter, attempt } = all;
    const words = async (count: number) => {
      for (let i = 0; i < count; i++) await breaker.leave(enter(), word(runtime.now()));
    };
    /** Answers of which each asks for a pause with this probability. */
    const mixed = async (count: number, p: number) => {
      const { next } = new Random(1);
      for (let i = 0; i < count; i++) {
        if (isRefused()) runtime.advance(3_000);
        await (next() < p ? words(1) : attempt('success'));
      }
    };
    return { ...all, words, mixed };
  }

  test('is left alone by all calls of the scope for as long as it asked, and then called again', async () => {
    const { words, runtime, isRefused, enter, breaker, seen } = served();
    await words(5);
    expect(isRefused()).toBe(true);
    runtime.advance(2_999);
    expect(isRefused()).toBe(true);
    runtime.advance(1);
    expect(isRefused()).toBe(false);
    enter();
    expect(breaker.state).toBe('closed');
    expect(seen.map(({ reason }) => reason)).toEqual([
      'the server asked for 3000 ms',
      'the pause that the server asked for is over',
    ]);
  });

  test('after its pause, is left alone again only if it says so five times in a row', async () => {
    const { breaker, runtime, words } = served();
    await words(5);
    runtime.advance(3_000);
    await words(4);
    expect(breaker.state).toBe('closed');
    await words(1);
    expect(breaker.state).toBe('open');
  });

  test('means only the one who asked while others have good answers, unless it says so five times in a row', async () => {
    const { breaker, attempts, words } = served();
    await attempts(100, 'success');
    await words(4);
    await attempts(1, 'success');
    await words(4);
    expect(breaker.state).toBe('closed');
    await words(1);
    expect(breaker.state).toBe('open');
  });

  test('is believed after three words where calls are rare: one of them may be a single user’s limit', async () => {
    const { breaker, runtime, attempt, words } = served();
    await attempt('success');
    for (let i = 0; i < 2; i++) {
      runtime.advance(2_000);
      await words(1);
      expect(breaker.state).toBe('closed');
    }
    runtime.advance(2_000);
    await words(1);
    expect(breaker.state).toBe('open');
  });

  test.each([
    { p: 0.2, row: 9 },
    { p: 0.5, row: 20 },
  ])(
    'but refuses some calls at any time, a share of $p: the others go on, until about $row in a row are no chance',
    async ({ p, row }) => {
      const { breaker, seen, attempt, mixed, words } = served();
      await mixed(10_000, p);
      // Until the share is known.
      expect(seen.filter(({ to }) => to === 'open').length).toBeLessThanOrEqual(1);
      await attempt('success');
      let asked = 0;
      for (; breaker.state === 'closed'; asked++) await words(1);
      expect(asked).toBeGreaterThanOrEqual(row - 2);
      expect(asked).toBeLessThanOrEqual(row + 2);
    },
  );

  test('is called on while more attempts are under way than asked for a pause: quick refusals come before slow answers', async () => {
    const { breaker, enter, words } = served();
    for (let i = 0; i < 20; i++) enter();
    await words(20);
    expect(breaker.state).toBe('closed');
    await words(1);
    expect(breaker.state).toBe('open');
  });
});

describe('quick failures before slow answers', () => {
  test('open nothing while the answers that are under way could turn the balance', async () => {
    const { breaker, runtime, enter } = setup();
    const slow = Array.from({ length: 100 }, () => enter());
    for (let i = 0; i < 60; i++) await breaker.leave(enter(), departure('failure', runtime.now()));
    expect(breaker.state).toBe('closed');
    for (const permit of slow) await breaker.leave(permit, departure('failure', runtime.now()));
    expect(breaker.state).toBe('open');
  });

  test('open it at once where hardly anything is under way', async () => {
    const { breaker, runtime, enter } = setup();
    enter();
    for (let i = 0; i < 5; i++) await breaker.leave(enter(), departure('failure', runtime.now()));
    expect(breaker.state).toBe('open');
  });

  test('timeouts open it whatever is under way: silence and slowness look the same', async () => {
    const { breaker, runtime, enter } = setup();
    for (let i = 0; i < 100; i++) enter();
    for (let i = 0; i < 5; i++) {
      await breaker.leave(enter(), departure('failure', runtime.now(), { reason: 'timeout' }));
    }
    expect(breaker.state).toBe('open');
  });

  test('an attempt that was cancelled is under way no longer', async () => {
    const { breaker, runtime, enter } = setup();
    for (let i = 0; i < 100; i++) breaker.cancel(enter());
    for (let i = 0; i < 5; i++) await breaker.leave(enter(), departure('failure', runtime.now()));
    expect(breaker.state).toBe('open');
  });
});

describe('an opened breaker says why', () => {
  const failing = (now: number, told: Failure) => departure('failure', now, { told });

  test('how many of how many failed, of what kind, and what the last one came to', async () => {
    const { runtime, breaker, attempts, enter, seen } = setup();
    await attempts(4, 'success');
    const now = runtime.now();
    await breaker.leave(enter(), failing(now, { reason: 'network', code: 'ECONNRESET' }));
    await breaker.leave(enter(), failing(now, { reason: 'timeout' }));
    await breaker.leave(enter(), failing(now, { reason: 'status', status: 500 }));
    await breaker.leave(enter(), failing(now, { reason: 'status', status: 503 }));
    expect(seen).toMatchObject([{ to: 'open', reason: 'too many attempts failed' }]);
    expect(seen[0]?.cause).toEqual({
      attempts: 8,
      failures: 4,
      reasons: { network: 1, timeout: 1, status: 2 },
      last: { reason: 'status', status: 503 },
    });
  });

  test('without the failures that have left the window', async () => {
    const { runtime, breaker, enter, seen } = setup({ minimum: 2 });
    await breaker.leave(enter(), failing(runtime.now(), { reason: 'timeout' }));
    runtime.advance(10_001);
    await breaker.leave(enter(), failing(runtime.now(), { reason: 'network', code: 'ECONNREFUSED' }));
    expect(seen[0]?.cause).toEqual({
      attempts: 1,
      failures: 1,
      reasons: { network: 1 },
      last: { reason: 'network', code: 'ECONNREFUSED' },
    });
  });

  test('after a probe that failed, what the probe came to; a closing one has no cause', async () => {
    const { runtime, breaker, attempts, attempt, enter, seen } = setup();
    await attempts(5, 'failure');
    runtime.advance(COOLDOWN);
    await breaker.leave(enter(), failing(runtime.now(), { reason: 'status', status: 502 }));
    expect(seen.at(-1)).toMatchObject({ to: 'open', reason: 'the probe failed' });
    expect(seen.at(-1)?.cause).toEqual({
      attempts: 1,
      failures: 1,
      reasons: { status: 1 },
      last: { reason: 'status', status: 502 },
    });
    runtime.advance(60_000);
    await attempt('success');
    expect(seen.at(-1)).toMatchObject({ to: 'closed' });
    expect(seen.at(-1)).not.toHaveProperty('cause');
  });
});
