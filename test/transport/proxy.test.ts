import { createServer } from 'node:http';
import { ProxyAgent, request } from 'undici';
import { expect, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { listenOnPort } from '../support/listen.ts';

/** A proxy that answers every CONNECT with that status. */
async function startProxy(status: number) {
  let connects = 0;
  const proxy = createServer().on('connect', (_request, socket) => {
    connects++;
    socket.on('error', () => {});
    socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`);
  });
  const port = await listenOnPort(proxy);
  return {
    agent: () => new ProxyAgent({ uri: `http://user:wrong@127.0.0.1:${port}`, proxyTunnel: true }),
    get connects() {
      return connects;
    },
    [Symbol.asyncDispose]: async () => void proxy.close(),
  };
}

const rules = { retry: { base: 1, cap: 1 }, breaker: { minimum: 3 } };

test.each([407, 403])('wrong credentials are sent once, and held against nobody (%i)', async (status) => {
  await using proxy = await startProxy(status);
  const api = createFetch({ ...rules, dispatcher: proxy.agent() });
  const guard = resilience(rules);
  const dispatcher = proxy.agent().compose(guard);
  for (let i = 0; i < 4; i++) {
    const error = await errorOf(api('http://origin.example/'));
    expect(callReport(error)).toMatchObject({
      delivery: 'not-sent',
      stopped: 'policy',
      attempts: [{ reason: 'invalid' }],
    });
    expect(callReport(await errorOf(request('http://origin.example/', { dispatcher })))).toMatchObject({
      stopped: 'policy',
    });
  }
  expect(proxy.connects).toBe(8);
  expect(api.breakers.get('http://origin.example')?.state).toBe('closed');
  expect(guard.breakers.get('http://origin.example')?.state).toBe('closed');
});

test('a proxy that has no way just now is asked again', async () => {
  await using proxy = await startProxy(503);
  const error = await errorOf(createFetch({ ...rules, dispatcher: proxy.agent() })('http://origin.example/'));
  expect(callReport(error)?.attempts.length).toBeGreaterThan(1);
});
