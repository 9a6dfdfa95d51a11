import { createServer, type Server } from 'node:http';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { Traffic } from '../../src/call/traffic.ts';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { listen } from '../support/listen.ts';

// The time that a request waits in the local pool says nothing about the service, as long as other requests are sent.

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function listening(server: Server): Promise<string> {
  const origin = await listen(server);
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return origin;
}

/** A server that answers each request after 40 ms, so that a full pool can't send all requests within an attempt's timeout. */
function steady(): Promise<string> {
  return listening(createServer((_request, response) => setTimeout(() => response.end('ok'), 40)));
}

function pool(connections: number): Agent {
  const agent = new Agent({ connections });
  open.push(() => agent.destroy());
  return agent;
}

const options: Options = {
  timeout: { attempt: 1_000, total: 10_000 },
  retry: false,
  breaker: { minimum: 5, threshold: 0.3 },
};
const paths = (count: number) => Array.from({ length: count }, (_, index) => `/${index % 3}/${index}`);

describe.each(['origin', 'endpoint'] as const)(
  'a full pool of ours, the breaker’s scope being the %s',
  (scope) => {
    const rules: Options = { ...options, breaker: { minimum: 5, threshold: 0.3, scope } };
    const endpoints = (url: string) => ({ [`${url}/0/*`]: {}, [`${url}/1/*`]: {} });

    test('is held against nobody: the breaker stays closed', async () => {
      const url = await steady();
      const api = createFetch({ ...rules, endpoints: endpoints(url), dispatcher: pool(1) });
      const ended = await Promise.all(
        paths(80).map((path) => errorOf(api(url + path).then((r) => r.text()))),
      );
      const late = ended.filter((error) => callReport(error)?.delivery === 'not-sent');
      // Without these the test would prove nothing: many requests waited in vain.
      expect(late.length).toBeGreaterThan(20);
      expect(late.every((error) => callReport(error)?.attempts[0]?.reason === 'timeout')).toBe(true);
      expect(ended.some((error) => callReport(error)?.stopped === 'breaker')).toBe(false);
      expect((await api(`${url}/0/last`)).status).toBe(200);
    });

    test('nor behind the interceptor', async () => {
      const url = await steady();
      const dispatcher = pool(1).compose(resilience({ ...rules, endpoints: endpoints(url) }));
      const send = (path: string) => request(url + path, { dispatcher }).then(({ body }) => body.dump());
      const ended = await Promise.all(paths(80).map((path) => errorOf(send(path))));
      expect(ended.filter((error) => callReport(error)?.delivery === 'not-sent').length).toBeGreaterThan(20);
      expect(ended.some((error) => callReport(error)?.stopped === 'breaker')).toBe(false);
    });
  },
);

test('a request that was sent in the last moments of its attempt did not have its time, either', async () => {
  const waits: Record<string, number> = { '/first': 400, '/late': 5_000 };
  const url = await listening(
    createServer(({ url = '' }, response) => void setTimeout(() => response.end(), waits[url] ?? 0)),
  );
  const api = createFetch({
    ...options,
    timeout: { attempt: 600 },
    breaker: { minimum: 1, threshold: 0.1 },
    dispatcher: pool(1),
  });
  const [, late] = await Promise.all([api(`${url}/first`), errorOf(api(`${url}/late`))]);
  expect(callReport(late)).toMatchObject({ delivery: 'unknown', attempts: [{ reason: 'timeout' }] });
  expect(api.breakers.get(url)?.state).toBe('closed');
  // An attempt that had its whole time counts as a failure.
  await errorOf(api(`${url}/late`));
  expect(api.breakers.get(url)?.state).toBe('open');
});

test('a pool that is full of requests without an answer is no reason to count those that wait', async () => {
  const url = await listening(createServer(() => {}));
  const api = createFetch({ ...options, timeout: { attempt: 200 }, dispatcher: pool(1) });
  const errors = await Promise.all(paths(12).map((path) => errorOf(api(url + path))));
  expect(errors.filter((error) => callReport(error)?.delivery === 'not-sent').length).toBeGreaterThan(6);
  expect(api.breakers.get(url)?.state).toBe('closed');
});

test('where nobody is sent, a connection that can not be had is a failure of the dependency', async () => {
  // Never finishes to connect, as behind a firewall that drops packets.
  const dispatcher = new Agent({ connect: () => {} });
  const api = createFetch({ ...options, timeout: { attempt: 10 }, dispatcher });
  for (const path of paths(8)) await errorOf(api(`http://127.0.0.1:45678${path}`));
  expect(api.breakers.get('http://127.0.0.1:45678')?.state).toBe('open');
});

test('a request that was sent counts for its origin, from its moment on', () => {
  const traffic = new Traffic();
  expect(traffic.cameSince('http://a', 0)).toBe(false);
  traffic.came('http://a', 5);
  expect([4, 5, 6].map((moment) => traffic.cameSince('http://a', moment))).toEqual([true, true, false]);
  traffic.came('http://a', 9);
  expect(traffic.cameSince('http://a', 8)).toBe(true);
  expect(traffic.cameSince('http://b', 0)).toBe(false);
});
