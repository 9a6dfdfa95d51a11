import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Agent } from 'undici';
import { expect, test, vi } from 'vitest';
import { callReport, createFetch, type Options, TimeoutError } from '../../src/index.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { localhost } from '../support/tls.ts';

const silent: Fault = { kind: 'cut', at: 'request', how: 'stall' };
const stalledBody = { kind: 'cut', at: 'body', how: 'stall' } as const satisfies Fault;

test('an attempt that gets no headers in time ends as a TimeoutError of phase attempt, and is retried', async () => {
  await using server = await startFaultServer({ faults: [silent] });
  const response = await createFetch({ timeout: { attempt: 200 }, retry: { base: 1 } })(server.url);
  expect(response.status).toBe(200);
  expect(callReport(response)?.attempts[0]).toMatchObject({
    reason: 'timeout',
    delivery: 'unknown',
    error: { name: 'TimeoutError', code: 'ERR_STEADFETCH_TIMEOUT' },
  });
});

test('the last timeout is thrown itself, and says which clock ran out', async () => {
  await using server = await startFaultServer({ fault: () => silent });
  const error = await errorOf(createFetch({ timeout: { attempt: 30 }, retry: false })(server.url));
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({
    name: 'TimeoutError',
    phase: 'attempt',
    message: expect.stringContaining('30 ms'),
  });
});

const never = Number.POSITIVE_INFINITY;
const drip: Fault = { kind: 'drip', of: 'body', pieces: 40, gap: 10 };
const read = async (call: Promise<Response>) => (await call).text();

test.each<[string, Fault, Options, string]>([
  ['before the headers', silent, { timeout: { attempt: 40 } }, 'attempt'],
  ['before the headers, by the whole call', silent, { timeout: { total: 100 } }, 'total'],
  ['in the body', stalledBody, { timeout: { idle: 40 } }, 'idle'],
  ['in the body, by its whole time', drip, { timeout: { body: 100 } }, 'body'],
  ['in a body that is buffered', stalledBody, { timeout: { idle: 40 }, buffer: 1_000 }, 'idle'],
  [
    'in a body that is buffered, by the whole call',
    drip,
    { timeout: { total: 100 }, buffer: 1_000 },
    'total',
  ],
])(
  'a time limit that runs out %s closes the socket and frees its place in the pool',
  async (_where, fault, options, phase) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    await using server = await startFaultServer({
      fault: ({ path }) => (path === '/slow' ? fault : undefined),
    });
    // An unused connection closes at once, so a connection that stays open is in use, or lost.
    const dispatcher = new Agent({ connections: 1, keepAliveTimeout: 10 });
    const api = createFetch({ dispatcher, retry: false });
    const error = await errorOf(read(api(`${server.url}/slow`, { policy: options })));
    const timeout = error instanceof TimeoutError ? error : (error as Error).cause;
    expect(timeout).toMatchObject({ name: 'TimeoutError', phase });
    expect(await (await api(server.url, { policy: { timeout: { attempt: never } } })).json()).toMatchObject({
      ok: true,
    });
    await eventually(() => expect(server.openSockets).toBe(0));
    expect(unhandled).not.toHaveBeenCalled();
    process.off('unhandledRejection', unhandled);
    await dispatcher.close();
  },
);

test('an answer that came in time counts, though this process was too busy to read it in time', async () => {
  const server = new Worker(
    `const { parentPort } = require('node:worker_threads');
    const server = require('node:http').createServer((request, response) => {
      parentPort.postMessage('asked');
      setTimeout(() => response.end('in time'), 20);
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  const [port] = await once(server, 'message');
  const asked = once(server, 'message');
  const call = createFetch({ timeout: { attempt: 150 }, retry: false })(`http://127.0.0.1:${port}`);
  await asked;
  const until = performance.now() + 300;
  while (performance.now() < until);
  expect(await (await call).text()).toBe('in time');
  await server.terminate();
});

test('attempts that could not be sent in time, because this process was too busy, are held against nobody', async () => {
  const server = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
    const server = require('node:https').createServer(workerData, (request, response) => response.end('asked once'));
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true, workerData: localhost },
  );
  const [port] = await once(server, 'message');
  const dispatcher = new Agent({ connect: { ca: localhost.cert } });
  const api = createFetch({ dispatcher, timeout: { attempt: 1_000 }, patience: 0 });
  const calls = Array.from({ length: 15 }, () => api(`https://127.0.0.1:${port}`));
  const until = performance.now() + 1_200;
  while (performance.now() < until);
  for (const call of calls) {
    const response = await call;
    expect(await response.text()).toBe('asked once');
    expect(callReport(response)?.attempts).toHaveLength(1);
  }
  await dispatcher.close();
  await server.terminate();
});

test('the total deadline covers pauses and attempts, and is never passed', async () => {
  await using server = await startFaultServer({ fault: () => silent });
  const api = createFetch({
    timeout: { attempt: 70, total: 200 },
    retry: { attempts: 100, base: 1, cap: 1 },
  });
  const error = await errorOf(api(server.url));
  const report = callReport(error);
  expect(report?.stopped).toBe('deadline');
  expect(report?.duration).toBeLessThan(400);
  expect(report?.attempts.length).toBeGreaterThan(1);
});

test('when the total deadline ends an attempt, the phase is total', async () => {
  await using server = await startFaultServer({ fault: () => silent });
  const error = await errorOf(createFetch({ timeout: { total: 200 } })(server.url));
  expect(error).toMatchObject({ name: 'TimeoutError', phase: 'total' });
  expect(callReport(error)).toMatchObject({ stopped: 'deadline', delivery: 'unknown' });
});

test('a body that falls silent ends by the idle clock', async () => {
  await using server = await startFaultServer({ fault: () => stalledBody });
  const response = await createFetch({ timeout: { idle: 50 } })(server.url);
  expect(response.status).toBe(200);
  const error = await errorOf(response.text());
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ message: 'terminated', cause: { name: 'TimeoutError', phase: 'idle' } });
  expect(callReport(error)?.id).toBe(callReport(response)?.id);
  await eventually(() => expect(server.openSockets).toBe(0));
});

test('a body that drips stays within the idle clock and the total one, but not within its own', async () => {
  await using server = await startFaultServer({ fault: () => drip });
  const patient = await createFetch({ timeout: { idle: 200, total: 5_000 } })(server.url);
  expect(await patient.json()).toMatchObject({ ok: true });
  const hasty = await createFetch({ timeout: { idle: 200, body: 150 } })(server.url);
  expect(await errorOf(hasty.text())).toMatchObject({ cause: { name: 'TimeoutError', phase: 'body' } });
});

test('a reader that pauses longer than the idle clock is not mistaken for a silent server', async () => {
  const megabytes = 2 * 2 ** 20;
  await using server = await startFaultServer({
    fault: () => ({ kind: 'answer', status: 200, bytes: megabytes }),
  });
  const response = await createFetch({ timeout: { idle: 40 } })(server.url);
  const reader = response.body?.getReader();
  let bytes = (await reader?.read())?.value?.byteLength ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 120));
  for (let chunk = await reader?.read(); !chunk?.done; chunk = await reader?.read())
    bytes += chunk?.value.byteLength ?? 0;
  expect(bytes).toBe(megabytes);
});

test.each([80_000, 2 ** 21])(
  'a reader that has paused and reads on finds out that the server is silent: after half of %i bytes',
  async (bytes) => {
    // If all bytes that have come fit into the buffers, only the reads of the reader show that it goes on.
    await using server = await startFaultServer({
      fault: () => ({ ...stalledBody, answer: { status: 200, bytes } }),
    });
    const response = await createFetch({ timeout: { idle: 60, total: never } })(server.url);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await errorOf(response.text())).toMatchObject({ cause: { name: 'TimeoutError', phase: 'idle' } });
  },
);

test('a pool that is full until the attempt times out: not sent, and never sent later', async () => {
  await using server = await startFaultServer({
    fault: ({ path }) => (path === '/slow' ? silent : undefined),
  });
  const dispatcher = new Agent({ connections: 1 });
  const slow = createFetch({ dispatcher, timeout: { attempt: 150 }, retry: false })(`${server.url}/slow`);
  const queued = createFetch({ dispatcher, timeout: { attempt: 40 }, retry: false });
  const error = await errorOf(queued(server.url, { method: 'POST', body: 'x' }));
  expect(callReport(error)).toMatchObject({ delivery: 'not-sent' });
  expect(error).toMatchObject({ phase: 'attempt' });
  await errorOf(slow);
  expect((await createFetch({ dispatcher })(`${server.url}/next`)).status).toBe(200);
  expect(server.requests.map(({ path }) => path)).toEqual(['/slow', '/next']);
  await dispatcher.close();
});

test('Infinity and false switch the clocks off', async () => {
  await using server = await startFaultServer({ fault: () => ({ kind: 'slow', at: 'request', ms: 60 }) });
  const attempt = Number.POSITIVE_INFINITY;
  expect(
    (await createFetch({ timeout: { attempt, idle: attempt, total: attempt } })(server.url)).status,
  ).toBe(200);
  expect((await createFetch({ timeout: false })(server.url)).status).toBe(200);
});

test('a pause longer than setTimeout can keep is no retry at once', async () => {
  const longest = 2_147_483_647;
  const busy: Fault = { kind: 'answer', status: 503, headers: { 'retry-after-ms': `${longest}` } };
  await using server = await startFaultServer({ fault: () => busy });
  const api = createFetch({ timeout: { total: never }, retry: { retryAfter: longest } });
  const delays: number[] = [];
  api.on('retry', ({ delay }) => delays.push(delay));
  const controller = new AbortController();
  const call = errorOf(api(server.url, { signal: controller.signal }));
  await eventually(() => expect(delays).toHaveLength(1));
  expect(delays[0]).toBeGreaterThan(longest);
  await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort('enough');
  expect(await call).toBe('enough');
  expect(server.requests).toHaveLength(1);
});
