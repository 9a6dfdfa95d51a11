import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import axios from 'axios';
import { TimeoutStrategy, timeout } from 'cockatiel';
import { type BuildFailure, build } from 'esbuild';
import got, { type RequestError } from 'got';
import ky from 'ky';
import { Agent, RetryAgent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { listen, listenOnPort } from '../support/listen.ts';
import { clients } from './compared.ts';
import { root, textOf } from './pages.ts';

// The README's comparison, cell by cell: what the clients of compared.ts do, against a server that counts.

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    handler(incoming, response);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return await listen(server);
}

/** Answers 503 this many times, and then 200. */
async function start(failures: number) {
  const keys: (string | undefined)[] = [];
  const origin = await serve((incoming, response) => {
    keys.push(incoming.headers['idempotency-key'] as string | undefined);
    response.writeHead(keys.length > failures ? 200 : 503).end();
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

test.each(Object.entries(clients))(
  '%s: forty calls to one endpoint that is down, of two',
  async (name, { quick }) => {
    const attempts: number[] = [];
    const origin = await serve((incoming, response) => {
      const isDown = incoming.url === '/down';
      if (isDown) attempts.push((attempts.pop() ?? 0) + 1);
      response.writeHead(isDown ? 503 : 200).end();
    });
    const send = quick();
    for (let i = 0; i < 40; i++) {
      attempts.push(0);
      await send(`${origin}/down`, 'GET').catch(() => {});
      await send(`${origin}/up`, 'GET'); // so that no breaker opens
    }
    const retries = attempts.map((count) => count - 1);
    const [first = 0] = retries;
    const late = retries.slice(20).reduce((sum, count) => sum + count) / 20;
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(0);
    expect(row('limits retries over all calls (budget)')[name]).toBe(late < first / 2 ? 'yes' : 'no');
  },
);

/** Two calls of a client that time out alike: of one no byte has left, the other was sent. What it says of each. */
type Told = (neverLeft: string, left: string) => Promise<[unknown, unknown]>;

const TIMEOUT = 100;
/** The error, but for what differs between two calls of any kind. */
const words = ({ name, code, message }: Error & { code?: unknown }) => [
  name,
  code,
  message.replaceAll(/https?:\S+/g, 'URL'),
];
const failing = (send: (url: string) => Promise<unknown>, say: (error: never) => unknown = words): Told => {
  const told = (url: string) =>
    send(url).then(() => expect.fail('it had to time out'), say as (error: unknown) => unknown);
  return async (neverLeft, left) => [await told(neverLeft), await told(left)];
};

const told: Record<string, Told> = {
  fetch: failing((url) => fetch(url, { signal: AbortSignal.timeout(TIMEOUT) })),
  ky: failing((url) => ky(url, { timeout: TIMEOUT, retry: 0 })),
  got: failing(
    (url) => got(url, { timeout: { request: TIMEOUT }, retry: { limit: 0 } }),
    ({ timings }: RequestError) => timings?.upload !== undefined,
  ),
  'axios-retry': failing((url) => axios.get(url, { timeout: TIMEOUT })),
  cockatiel: failing((url) =>
    timeout(TIMEOUT, TimeoutStrategy.Aggressive).execute(({ signal }) => fetch(url, { signal })),
  ),
  // undici ends no connecting by a signal, so the one that never left waits for the connection of the other.
  RetryAgent: async (_, left) => {
    const dispatcher = new RetryAgent(new Agent({ connections: 1 }));
    // One signal for both: between two timers the connection would be free for a moment.
    const signal = AbortSignal.timeout(TIMEOUT);
    const send = () => request(left, { dispatcher, signal });
    const [sent, queued] = await Promise.allSettled([send(), send()]);
    return [words((queued as PromiseRejectedResult).reason), words((sent as PromiseRejectedResult).reason)];
  },
  steadfetch: failing(
    (url) => createFetch({ timeout: { attempt: TIMEOUT }, retry: false })(url),
    (error) => callReport(error)?.delivery,
  ),
};

test.each(Object.entries(told))('%s: two calls that time out, one before it left', async (name, ask) => {
  const sockets: Socket[] = [];
  const silent = createTcpServer((socket) => sockets.push(socket)); // the TLS handshake never ends
  const port = await listenOnPort(silent);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  let requests = 0;
  const origin = await serve(() => {
    requests += 1; // and no answer
  });
  const [neverLeft, left] = await ask(`https://127.0.0.1:${port}/`, `${origin}/`);
  expect(requests).toBe(1);
  // got has it in the timings of its last try. What an earlier one did is not there.
  const seen = isDeepStrictEqual(neverLeft, left) ? 'no' : name === 'got' ? 'of the last try' : 'yes';
  expect(row('says whether a request ever left')[name]).toBe(seen);
});

test('steadfetch: rules for each endpoint, a receiving side, an outbox', async () => {
  const { url, keys } = await start(Number.POSITIVE_INFINITY);
  const api = createFetch({
    endpoints: { [`GET ${url}lone`]: { retry: false } },
    retry: { attempts: 2, base: 1 },
  });
  await api(`${url}lone`);
  expect(keys).toHaveLength(1);
  await api(`${url}other`);
  expect(keys).toHaveLength(3);
  expect(row('rules for each endpoint in one client').steadfetch).toBe('yes');

  const { exports } = JSON.parse(textOf('package.json')) as { exports: object };
  expect(Object.keys(exports)).toEqual(expect.arrayContaining(['./server', './outbox']));
  expect(row('receiving side, outbox').steadfetch).toBe('yes');
});

const modules: Record<string, string> = {
  fetch: 'globalThis.fetch',
  ky: "import 'ky'",
  got: "import 'got'",
  'axios-retry': "import 'axios'; import 'axios-retry'",
  cockatiel: "import 'cockatiel'",
  RetryAgent: "import { RetryAgent } from 'undici'; new RetryAgent()",
  steadfetch: "import './dist/browser.js'",
};

test.each(Object.entries(modules))('%s: bundled for a browser', async (name, contents) => {
  const bundling = build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  const seen = await bundling.then(
    () => 'yes',
    ({ errors }: BuildFailure) => {
      expect(errors[0]?.text).toMatch(/Could not resolve "(node:)?\w+"/);
      return 'no';
    },
  );
  expect(row('runs in browsers, Bun, Deno, workerd')[name]).toBe(seen);
});

test('what a call costs is what docs/benchmarks.md says of Node 24', () => {
  const [, block = ''] = textOf('docs/benchmarks.md').split('bench: Node 24 -->');
  const [, table = ''] = block.split('#### Success (GET, concurrency 16)');
  const rows = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const ratio = (name: string) => rows.find(([, first]) => first === name)?.[3];
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
