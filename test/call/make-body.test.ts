import { getEventListeners } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { makeBody } from '../../src/call/make-body.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

afterEach(() => vi.useRealTimers());

const limits = { attempt: 1_000, idle: 1_000, body: 1_000, total: 1_000, deadline: 1_000 };

test.each([
  ['was made', () => Promise.resolve('x')],
  ['could not be made', () => Promise.reject(new Error('no body today'))],
])('a body that %s leaves no listener on the signal and no timer', async (_how, next) => {
  vi.useFakeTimers();
  const { signal } = new AbortController();
  const source = { next, repeatable: () => true };
  const made = makeBody(source, { limits, runtime: new ManualRuntime(), caller: { aborted: false, signal } });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(1);
  await Promise.resolve(made).catch(() => {});
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});
