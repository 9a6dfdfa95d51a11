import { EventEmitter } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { CircuitBreaker } from '../../src/guard/breaker.ts';
import { FailureWindow } from '../../src/guard/failure-window.ts';
import { FailureWindows } from '../../src/guard/failure-windows.ts';
import type { Outcome } from '../../src/guard/guard.ts';
import { BreakerOpenError } from '../../src/index.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';
import { departure } from './departure.ts';

// One test for each fault of the engine that DESIGN.md lists: it fails if the way around it is taken out.

const rule = { threshold: 0.5, minimum: 5, window: 10_000, cooldown: 5_000, maxCooldown: 60_000 };

function setup(overrides: Partial<typeof rule> = {}) {
  const runtime = new ManualRuntime();
  const breaker = new CircuitBreaker({ ...rule, ...overrides }, runtime, new FailureWindows(), () => {});
  const attempts = async (count: number, outcome: Outcome) => {
    for (let i = 0; i < count; i++) {
      const now = runtime.now();
      if (breaker.refusal({ endpoint: '/', now }) === undefined)
        await breaker.leave(breaker.enter({ endpoint: '/', now }), departure(outcome, now));
    }
  };
  const recover = async () => {
    runtime.advance(5_000);
    await attempts(1, 'success');
  };
  return { runtime, breaker, attempts, recover };
}

test('rejects are counted as fires: after 100 of them, five failures still open it', async () => {
  const { breaker, attempts, recover } = setup();
  await attempts(105, 'failure');
  await recover();
  await attempts(4, 'failure');
  expect(breaker.state).toBe('closed');
  await attempts(1, 'failure');
  expect(breaker.state).toBe('open');
});

test('closing keeps the old counts: one failure after a recovery does not open it', async () => {
  const { breaker, attempts, recover } = setup({ window: 60_000 });
  await attempts(5, 'failure');
  await recover();
  await attempts(1, 'failure');
  expect(breaker.state).toBe('closed');
});

test('a listener that throws fails the call or leaves it pending: ours is told to the process, and the call goes on', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warned.mockRestore());
  const fetch = async () => new Response(null, { status: 500 });
  const api = createClient(
    { fetch, retry: false, breaker: { minimum: 1 }, patience: 0 },
    new ManualRuntime(),
  );
  api.on('breaker', () => {
    throw new Error('a listener’s mistake');
  });
  expect((await api('http://service.test/')).status).toBe(500);
  await expect(api('http://service.test/')).rejects.toBeInstanceOf(BreakerOpenError);
  expect(warned).toHaveBeenCalledOnce();
});

test('an error that is let through counts as success and closes a half-open breaker: an abort decides nothing', async () => {
  const { breaker, attempts, runtime } = setup();
  await attempts(5, 'failure');
  runtime.advance(5_000);
  await attempts(1, 'ignored');
  expect(breaker.state).toBe('half-open');
});

test('a success from before the trip closes a half-open breaker: a stale one decides nothing', async () => {
  const { breaker, attempts, runtime } = setup();
  const early = breaker.enter({ endpoint: '/', now: 0 });
  await attempts(5, 'failure');
  runtime.advance(5_000);
  breaker.enter({ endpoint: '/', now: 5_000 });
  await breaker.leave(early, departure('success', 5_000));
  expect(breaker.state).toBe('half-open');
});

test('fires count at the start and failures at the end: attempts as long as two windows still open it', async () => {
  const { breaker, runtime } = setup({ window: 1_000 });
  for (let round = 0; round < 5; round++) {
    const permit = breaker.enter({ endpoint: '/', now: runtime.now() });
    // All five end within one slice of the window.
    runtime.time = 10_000 + round;
    await breaker.leave(permit, departure('failure', runtime.now()));
  }
  expect(breaker.state).toBe('open');
});

test('a volume threshold of 0 windows on the first failure: the minimum is at least 1 and holds', async () => {
  expect(() => createClient({ breaker: { minimum: 0 } }, new ManualRuntime())).toThrow('breaker.minimum');
  const { breaker, attempts } = setup({ minimum: 2 });
  await attempts(1, 'failure');
  expect(breaker.state).toBe('closed');
});

test('a threshold of 100 % never windows: ours of 1 does when everything fails', async () => {
  const { breaker, attempts } = setup({ threshold: 1 });
  await attempts(5, 'failure');
  expect(breaker.state).toBe('open');
});

test('options are mutated: the rule is not touched', async () => {
  const frozen = Object.freeze({ ...rule });
  const breaker = new CircuitBreaker(frozen, new ManualRuntime(), new FailureWindows(), () => {});
  for (let i = 0; i < 5; i++)
    await breaker.leave(breaker.enter({ endpoint: '/', now: 0 }), departure('failure', 0));
  expect(breaker.state).toBe('open');
  expect(frozen).toEqual(rule);
});

test('each failure sorts every latency in the window: with percentiles off none is sorted', async () => {
  const sort = vi.spyOn(Array.prototype, 'sort');
  onTestFinished(() => sort.mockRestore());
  const trip = new FailureWindow({ ...rule, threshold: 1 }, 0);
  trip.success(0);
  for (let i = 0; i < 100; i++) await trip.failure(0);
  expect(sort).not.toHaveBeenCalled();
});

test('each breaker has timers of its own: a thousand windows have none', async () => {
  const intervals = vi.spyOn(globalThis, 'setInterval');
  onTestFinished(() => intervals.mockRestore());
  const windows = new FailureWindows();
  for (let i = 0; i < 1_000; i++) windows.success({}, rule, 0);
  expect(intervals).not.toHaveBeenCalled();
});

test('a shared rotation warns about its eleventh listener: every window turns by itself', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const added = vi.spyOn(EventEmitter.prototype, 'setMaxListeners');
  onTestFinished(() => {
    warned.mockRestore();
    added.mockRestore();
  });
  const windows = new FailureWindows();
  for (let i = 0; i < 100; i++) await windows.failure({}, rule, 0);
  expect(warned).not.toHaveBeenCalled();
  expect(added).not.toHaveBeenCalled();
});
