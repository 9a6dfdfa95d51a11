import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFetch, type FetchLike, type Options } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { type FaultServer, startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { AttemptTimers, far } from './attempt-timers.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const megabyte: Fault = { kind: 'answer', status: 200, bytes: 2 ** 20 };
const redirect = (location: string, bytes = 0): Fault => ({
  kind: 'answer',
  status: 307,
  headers: { location },
  bytes,
});

const other: FetchLike = (url, init) => undiciFetch(url as string, { ...init, dispatcher } as never) as never;

let timers: AttemptTimers;
let dispatcher: Agent;
beforeEach(() => {
  timers = new AttemptTimers();
  dispatcher = new Agent({ keepAliveTimeout: 10 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await dispatcher.destroy();
});

function client(options: Options = {}) {
  return createFetch({ timeout: far, retry: false, dispatcher, ...options });
}

interface Path {
  readonly faults?: readonly Fault[];
  readonly options?: Options;
  readonly init?: RequestInit;
  /** What is done with the response. */
  readonly use?: (response: Response, abort: () => void) => unknown;
  /** What happens once the server has the request. */
  readonly meanwhile?: (server: FaultServer, abort: () => void) => unknown;
  readonly fails?: boolean;
  /** How many timers may be set, one after the other. */
  readonly timers?: number;
}

const read = (response: Response) => response.text();
const stall: Fault = { kind: 'cut', at: 'request', how: 'stall' };
const brokenBody: Fault = { kind: 'cut', at: 'body', how: 'reset' };
const stalledBody: Fault = { kind: 'cut', at: 'body', how: 'stall' };

const paths: Readonly<Record<string, Path>> = {
  'a body that is read': { use: read },
  'a body that is buffered': { options: { buffer: 1_000 }, use: read },
  'a body that is larger than the buffer': { faults: [megabyte], options: { buffer: 1_000 }, use: read },
  'the answer to a HEAD': { init: { method: 'HEAD' } },
  'a 204': { faults: [{ kind: 'answer', status: 204 }] },
  'a request that fetch refuses': { init: { headers: { 'not a name': 'x' } }, fails: true },
  'an error before the headers': { faults: [{ kind: 'cut', at: 'request', how: 'reset' }], fails: true },
  'an error in the body': {
    faults: [brokenBody],
    use: (response) => expect(read(response)).rejects.toThrow(),
  },
  'an error in a body that is buffered': {
    faults: [brokenBody],
    options: { buffer: 1_000 },
    fails: true,
  },
  'an abort before the headers': { faults: [stall], meanwhile: (_server, abort) => abort(), fails: true },
  'an abort in the body': {
    faults: [stalledBody],
    use: async (response, abort) => {
      const text = expect(read(response)).rejects.toThrow('enough');
      abort();
      await text;
    },
  },
  'an abort while the body is buffered': {
    faults: [stalledBody],
    options: { buffer: 1_000 },
    meanwhile: (_server, abort) => abort(),
    fails: true,
  },
  'a body that is cancelled': { faults: [megabyte], use: (response) => response.body?.cancel() },
  'a body of which only the beginning is read': {
    faults: [megabyte],
    use: async (response) => {
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.cancel();
    },
  },
  'a redirect that is followed': { faults: [redirect('/there')], use: read, timers: 2 },
  'a redirect with a large body': { faults: [redirect('/there', 2 ** 20)], use: read, timers: 2 },
  'a redirect that is refused': { faults: [redirect('/there')], init: { redirect: 'error' }, fails: true },
  'a redirect that is handed over': { faults: [redirect('/there')], init: { redirect: 'manual' }, use: read },
};

async function walk(path: Path, options: Options): Promise<FaultServer> {
  const server = await startFaultServer({ faults: path.faults ?? [] });
  const controller = new AbortController();
  const abort = () => controller.abort(new Error('enough'));
  const call = client({ ...options, ...path.options })(server.url, {
    ...path.init,
    signal: controller.signal,
  });
  const outcome = path.fails ? expect(call).rejects.toThrow() : call;
  if (path.meanwhile) {
    await eventually(() => expect(server.requests).toHaveLength(1));
    await path.meanwhile(server, abort);
  }
  const response = await outcome;
  if (response) await path.use?.(response, abort);
  return server;
}

test.each(Object.entries(paths))('undici: one timer at a time, and none after %s', async (_name, path) => {
  await using _server = await walk(path, {});
  await eventually(() => expect(timers.alive.size).toBe(0));
  expect(timers.most).toBe(1);
  expect(timers.set).toBeLessThanOrEqual(path.timers ?? 1);
});

test.each([
  'a body that is buffered',
  'the answer to a HEAD',
  'a 204',
  'an error before the headers',
  'an error in a body that is buffered',
  'an abort before the headers',
  'an abort in the body',
  'an abort while the body is buffered',
])('another fetch: one timer, and none after %s', async (name) => {
  await using _server = await walk(paths[name] ?? {}, { fetch: other });
  await eventually(() => expect(timers.alive.size).toBe(0));
  expect([timers.most, timers.set]).toEqual([1, 1]);
});

test.each(['a body that is read', 'a body that is larger than the buffer'])(
  'another fetch, where the end can not be seen: the timer goes with the response, after %s',
  async (name) => {
    await using _server = await walk(paths[name] ?? {}, { fetch: other });
    await gone(() => expect(timers.alive.size).toBe(0));
    expect([timers.most, timers.set]).toEqual([1, 1]);
  },
);

test('another fetch, one that does not listen to its signal: no timer after an abort', async () => {
  const controller = new AbortController();
  const deaf = vi.fn<FetchLike>(() => new Promise(() => {}));
  const call = expect(
    client({ fetch: deaf })('http://service.test/', { signal: controller.signal }),
  ).rejects.toThrow();
  await eventually(() => expect(deaf).toHaveBeenCalled());
  expect(timers.alive.size).toBe(1);
  controller.abort();
  await call;
  expect(timers.alive.size).toBe(0);
});

test('a response that nobody keeps, body unread, takes its timer and its connection with it', async () => {
  await using server = await startFaultServer({ fault: () => megabyte });
  await client()(server.url);
  expect(timers.alive.size).toBe(1);
  expect(server.openSockets).toBe(1);
  await gone(() => {
    expect(timers.alive.size).toBe(0);
    expect(server.openSockets).toBe(0);
  });
});

/** Asserts what holds once garbage has been collected. */
async function gone(assertion: () => void): Promise<void> {
  await eventually(() => {
    collectGarbage();
    assertion();
  });
}
