import { createServer } from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleAll, retry, wrap } from 'cockatiel';
import got from 'got';
import ky from 'ky';
import { Agent, RetryAgent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { listen } from '../support/listen.ts';
import { textOf } from './pages.ts';

// The README's comparison, cell by cell: what these clients do by their defaults, against a server that counts.

type Send = (url: string, method: 'GET' | 'POST') => Promise<unknown>;

const ok = async (url: string, method: string) => {
  const response = await fetch(url, { method });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
};

/** By its defaults, and with retries off. */
const clients: Record<string, { usual: () => Send; once: () => Send }> = {
  fetch: { usual: () => ok, once: () => ok },
  ky: {
    usual: () => (url, method) => ky(url, { method }),
    once: () => (url, method) => ky(url, { method, retry: 0 }),
  },
  got: {
    usual: () => (url, method) => got(url, { method }),
    once: () => (url, method) => got(url, { method, retry: { limit: 0 } }),
  },
  'axios-retry': {
    usual: () => axiosWith(3),
    once: () => axiosWith(0),
  },
  cockatiel: {
    usual: () => cockatielWith(3),
    once: () => cockatielWith(0),
  },
  RetryAgent: {
    usual: () => agentWith(5),
    once: () => agentWith(0),
  },
  steadfetch: {
    usual: () => {
      const api = createFetch();
      return (url, method) => api(url, { method });
    },
    once: () => {
      const api = createFetch({ retry: false, patience: 0 });
      return (url, method) => api(url, { method });
    },
  },
};

function axiosWith(retries: number): Send {
  const client = axios.create();
  axiosRetry(client, { retries });
  return (url, method) => client.request({ url, method });
}

function cockatielWith(maxAttempts: number): Send {
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
  const policy = wrap(retry(handleAll, { maxAttempts, backoff: new ExponentialBackoff() }), breaker);
  return (url, method) => policy.execute(() => ok(url, method));
}

function agentWith(maxRetries: number): Send {
  const dispatcher = new RetryAgent(new Agent(), { maxRetries });
  return async (url, method) => (await request(url, { method, dispatcher })).body.dump();
}

/** Answers 503 this many times, and then 200. */
async function start(failures: number) {
  const keys: (string | undefined)[] = [];
  const server = createServer((incoming, response) => {
    keys.push(incoming.headers['idempotency-key'] as string | undefined);
    incoming.resume();
    response.writeHead(keys.length > failures ? 200 : 503).end();
  });
  const origin = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `${origin}/`, keys };
}

/** A row of the table, by client. */
function row(name: string): Record<string, string> {
  const [head = [], ...rows] = textOf('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('*', '')))
    .slice(
      textOf('README.md')
        .split('\n')
        .filter((line) => line.startsWith('| '))
        .findIndex((line) => line.includes('RetryAgent')),
    );
  const found = rows.find((cells) => cells[1] === name);
  if (found === undefined) throw new Error(`the README compares no "${name}"`);
  return Object.fromEntries(head.slice(2, -1).map((client, i) => [client, found[i + 2] ?? '']));
}

test.each(Object.entries(clients))('%s: a GET that meets a 503', async (name, { usual }) => {
  const { url, keys } = await start(1);
  await usual()(url, 'GET').catch(() => {});
  expect(row('sends a GET again after a 503')[name]).toBe(keys.length > 1 ? 'yes' : 'no');
});

test.each(Object.entries(clients))('%s: a POST that meets a 503', async (name, { usual }) => {
  const { url, keys } = await start(1);
  await usual()(url, 'POST').catch(() => {});
  const [first, second] = keys;
  const seen =
    keys.length === 1
      ? 'no'
      : first !== undefined && first === second
        ? 'yes, under one key'
        : 'yes, without a key';
  expect(row('sends a POST again after a 503')[name]).toBe(seen);
});

test.each(Object.entries(clients))('%s: forty calls to a service that is down', async (name, { once }) => {
  const { url, keys } = await start(Number.POSITIVE_INFINITY);
  const send = once();
  for (let i = 0; i < 40; i++) await send(url, 'GET').catch(() => {});
  expect(row('stops calling a service that is down')[name]).toBe(keys.length < 40 ? 'yes' : 'no');
});

test('what a call costs is what docs/benchmarks.md says of Node 24', () => {
  const [, block = ''] = textOf('docs/benchmarks.md').split('bench: Node 24 -->');
  const [, table = ''] = block.split('#### Success (GET, concurrency 16)');
  const ratio = (name: string) =>
    table
      .split('\n')
      .find((line) => line.startsWith(`| ${name} |`))
      ?.split('|')[3]
      ?.trim();
  expect(row('CPU for a GET')).toEqual({
    fetch: ratio('undici.fetch + AbortSignal.timeout'),
    ky: ratio('ky'),
    got: ratio('got'),
    'axios-retry': ratio('axios + axios-retry'),
    cockatiel: ratio('cockatiel + undici.fetch'),
    RetryAgent: 'not measured',
    steadfetch: ratio('steadfetch'),
  });
});
