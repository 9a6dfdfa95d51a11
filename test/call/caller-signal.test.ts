import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Request as UndiciRequest } from 'undici';
import { expect, test } from 'vitest';
import { CallerSignal } from '../../src/call/caller-signal.ts';
import { createFetch } from '../../src/index.ts';
import { listenForTests } from '../support/listen-for-tests.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    gc();
    await turn();
  }
}

/** Sends half of an answer, or nothing. */
const server = createServer((request, response) => {
  if (request.url === '/half') response.writeHead(200).write('half');
});
const url = await listenForTests(server);

const api = createFetch({ timeout: false });
const classes = { "undici's": UndiciRequest as unknown as typeof Request, "the runtime's": Request };

test.each(Object.entries(classes))(
  'an abort reaches a call whose Request nobody holds: %s',
  async (_whose, R) => {
    const controller = new AbortController();
    const call = api(new R(url, { signal: controller.signal }));
    const outcome = call.catch((reason: unknown) => reason);
    await turn();
    await collectGarbage();
    controller.abort('stop');
    expect(await outcome).toBe('stop');
  },
);

test.each(Object.entries(classes))('and its body, when nobody holds the response: %s', async (_whose, R) => {
  const controller = new AbortController();
  const reader = (await api(new R(`${url}/half`, { signal: controller.signal }))).body?.getReader();
  await reader?.read();
  await collectGarbage();
  controller.abort('stop');
  await expect(reader?.read()).rejects.toBe('stop');
});

test('the same with a signal of the init', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const reader = (await api(`${url}/half`, { signal })).body?.getReader();
  await reader?.read();
  await collectGarbage();
  controller.abort('stop');
  await expect(reader?.read()).rejects.toBe('stop');
});

test('the same with a clock that nobody else holds', async () => {
  const call = api(url, { signal: AbortSignal.timeout(50) }).catch((reason: unknown) => reason);
  await turn();
  await collectGarbage();
  expect(await call).toMatchObject({ name: 'TimeoutError' });
});

test('a signal that has aborted in the meantime counts', () => {
  const caller = new CallerSignal(AbortSignal.abort('before'));
  expect(caller.signal.aborted).toBe(true);
  expect(caller.signal.reason).toBe('before');
});

test('the last call to end takes the listener with it, and a later one brings its own', () => {
  const controller = new AbortController();
  const listeners = () => getEventListeners(controller.signal, 'abort').length;
  const [one, two] = [new CallerSignal(controller.signal), new CallerSignal(controller.signal)];
  expect(listeners()).toBe(1);
  one.release();
  expect(listeners()).toBe(1);
  two.handOver(new Response(null));
  expect(listeners()).toBe(0);
  const three = new CallerSignal(controller.signal);
  controller.abort('stop');
  expect([one, two, three].map((caller) => caller.signal.aborted)).toEqual([false, false, true]);
});

test('a body that was read lets go of the signal when the next call comes', async () => {
  const controller = new AbortController();
  const response = new Response('text');
  const caller = new CallerSignal(controller.signal);
  expect(caller.signal.aborted).toBe(false);
  caller.handOver(response);
  await response.text();
  new CallerSignal(controller.signal).release();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  controller.abort('late');
  expect(caller.signal.aborted).toBe(false);
});

test('a body that is still read keeps hold of the signal, however many calls come after it', () => {
  const controller = new AbortController();
  const half = new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(1)) }));
  const caller = new CallerSignal(controller.signal);
  expect(caller.signal.aborted).toBe(false);
  caller.handOver(half);
  for (let i = 0; i < 20; i++) new CallerSignal(controller.signal).release();
  controller.abort('stop');
  expect(caller.signal.reason).toBe('stop');
});
