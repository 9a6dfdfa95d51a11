import { getEventListeners } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { pause } from '../../src/platform/pause.ts';

afterEach(() => vi.useRealTimers());

test('a pause is never shorter than asked, though timers drop fractions and fire early', async () => {
  vi.useFakeTimers();
  let over = false;
  void pause(10.2, undefined).then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(11);
  expect(over).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toBe(true);
});

test('no pause at all is over at once, without a timer', async () => {
  vi.useFakeTimers();
  const timer = vi.spyOn(globalThis, 'setTimeout');
  await pause(0, undefined);
  expect(timer).not.toHaveBeenCalled();
});

test('a signal that has aborted already is no reason to wait, and starts no timer', async () => {
  vi.useFakeTimers();
  await pause(60_000, AbortSignal.abort());
  expect(vi.getTimerCount()).toBe(0);
});

test('neither an end nor an abort leaves a timer or a listener behind', async () => {
  vi.useFakeTimers();
  const controller = new AbortController();
  const { signal } = controller;
  const first = pause(10, signal);
  await vi.advanceTimersByTimeAsync(20);
  await first;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);

  const second = pause(10, signal);
  controller.abort();
  await second;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});
