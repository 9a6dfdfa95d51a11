import { expect, test } from 'vitest';
import { FailureWindows } from '../../src/guard/failure-windows.ts';

const rule = { threshold: 0.5, minimum: 5, window: 10_000 };

test('windows that have run empty are dropped when another scope is used', async () => {
  const windows = new FailureWindows();
  const breakers = Array.from({ length: 1_000 }, () => ({}));
  for (const [at, breaker] of breakers.entries()) await windows.failure(breaker, rule, at);
  expect(windows.size).toBe(1_000);
  windows.success({}, rule, 10_500);
  expect(windows.size).toBeLessThanOrEqual(501);
  windows.success({}, rule, 30_000);
  expect(windows.size).toBe(1);
});

test('a window that is still in use is kept, however long ago it was begun', async () => {
  const windows = new FailureWindows();
  const busy = {};
  for (let at = 0; at < 60_000; at += 900) {
    windows.success(busy, rule, at);
    windows.success({}, rule, at);
  }
  const outcomes = [];
  for (let i = 0; i < 8; i++) outcomes.push(await windows.failure(busy, rule, 60_000));
  // Eleven successes of the last ten seconds are remembered: eight failures are not half.
  expect(outcomes).not.toContain(true);
});

test('statistics that were forgotten start fresh', async () => {
  const windows = new FailureWindows();
  const breaker = {};
  for (let i = 0; i < 4; i++) await windows.failure(breaker, rule, 0);
  windows.forget(breaker);
  expect(await windows.failure(breaker, rule, 0)).toBe(false);
});
