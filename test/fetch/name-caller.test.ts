import { expect, test } from 'vitest';
import { createFetch, type Options } from '../../src/index.ts';

async function placeOrder(options: Options): Promise<unknown> {
  return await createFetch(options)('http://127.0.0.1:45679/', { method: 'POST', body: 'x' });
}

const failing: [string, Options][] = [
  ['a refused connection', { retry: false }],
  ['the last of several', { retry: { base: 1, cap: 1 } }],
  ['a timeout', { fetch: () => new Promise(() => {}), timeout: { attempt: 5 }, retry: false }],
];

test.each(failing)('the stack of an error says who made the call: %s', async (_name, options) => {
  const error = (await placeOrder(options).catch((reason: unknown) => reason)) as Error;
  expect(error.stack).toContain('placeOrder');
  expect(error.stack).toContain(error.message);
});

test('what somebody else threw keeps its own stack', async () => {
  const mine = new Error('mine');
  const { stack } = mine;
  const thrown: Options = { fetch: () => Promise.reject(mine), retry: false };
  expect(await placeOrder(thrown).catch((reason: unknown) => reason)).toBe(mine);
  expect(mine.stack).toBe(stack);
});
