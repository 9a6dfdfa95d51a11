import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { errorOf } from '../support/error-of.ts';
import { listenForTests } from '../support/listen-for-tests.ts';

// A signal may live as long as the process. A call that is over must leave nothing on the signal, at once and not only after
// a garbage collection.

const server = createServer((incoming, response) => {
  const path = incoming.url ?? '';
  if (path === '/redirect') response.writeHead(302, { location: '/short' }).end();
  else if (path === '/503') response.writeHead(503).end('later');
  else if (path === '/204') response.writeHead(204).end();
  else if (path === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('text'));
  else if (path === '/long') response.end('x'.repeat(1_000_000));
  else if (path === '/cut') {
    response.writeHead(200, { 'content-length': 100 }).write('x');
    setImmediate(() => response.destroy());
  } else response.end('text');
});
const origin = await listenForTests(server);

type Use = (response: Response) => Promise<unknown>;

const uses: Record<string, Use> = {
  'is read as text': (response) => response.text(),
  'is read piece by piece': async (response) => {
    for await (const _piece of response.body ?? []);
  },
  'is cancelled': async (response) => response.body?.cancel(),
  'is read in two copies': async (response) => Promise.all([response.clone().text(), response.text()]),
};

const api = createFetch({ retry: { attempts: 2, base: 1, cap: 1 }, breaker: false, budget: false });

describe.each(Object.entries(uses))('no listener is left on a signal once a response %s,', (how, use) => {
  // After a redirect the stream is `fetch`'s own, which does not report its end.
  const redirect = how === 'is read as text' ? ['/redirect'] : [];
  test.each(['/short', '/long', '/gzip', '/204', '/503', '/cut', ...redirect])('from %s', async (path) => {
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      const response = await api(origin + path, { signal });
      await use(response).catch(() => {});
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

test('an abort still ends a body that has come but was not read', async () => {
  for (const path of ['/short', '/gzip', '/long', '/redirect']) {
    const controller = new AbortController();
    const response = await api(origin + path, { signal: controller.signal });
    const reader = response.body?.getReader();
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort(new Error('enough'));
    await expect(reader?.read()).rejects.toThrow('enough');
  }
});

test('an abort during the pause after an answer that was read ends the call', async () => {
  const slow = createFetch({
    retry: { attempts: 2, base: 60_000, cap: 60_000 },
    timeout: false,
    breaker: false,
  });
  const controller = new AbortController();
  const call = errorOf(slow(`${origin}/503`, { signal: controller.signal }));
  await new Promise<void>((resolve) => void slow.on('retry', () => resolve()));
  controller.abort(new Error('enough'));
  expect(await call).toMatchObject({ message: 'enough' });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});
