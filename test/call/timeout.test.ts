import { Agent } from 'undici';
import { expect, test } from 'vitest';
import { callReport, createFetch, TimeoutError } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );
const silent: Fault = { kind: 'cut', at: 'request', how: 'stall' };
const stalledBody: Fault = { kind: 'cut', at: 'body', how: 'stall' };

test('an attempt that gets no headers in time ends as a TimeoutError of phase attempt, and is retried', async () => {
  await using server = await startFaultServer({ faults: [silent] });
  const response = await createFetch({ timeout: { attempt: 60 }, retry: { base: 1 } })(server.url);
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

test("a timed-out attempt's socket is closed and its place in the pool is free", async () => {
  await using server = await startFaultServer({ faults: [silent] });
  const dispatcher = new Agent({ connections: 1 });
  const api = createFetch({ dispatcher, timeout: { attempt: 150 }, retry: { base: 1 } });
  expect((await api(server.url)).status).toBe(200);
  await eventually(() => expect(server.openSockets).toBeLessThanOrEqual(1));
  await dispatcher.close();
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
  expect(report?.duration).toBeLessThan(260);
  expect(report?.attempts.length).toBeGreaterThan(1);
});

test('when the total deadline ends an attempt, the phase is total', async () => {
  await using server = await startFaultServer({ fault: () => silent });
  const error = await errorOf(createFetch({ timeout: { attempt: 1_000, total: 60 } })(server.url));
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

test('a body that drips stays within the idle clock but not within the total one', async () => {
  const drip: Fault = { kind: 'drip', of: 'body', pieces: 20, gap: 20 };
  await using server = await startFaultServer({ fault: () => drip });
  const patient = await createFetch({ timeout: { idle: 200, total: 5_000 } })(server.url);
  expect(await patient.json()).toMatchObject({ ok: true });
  const hasty = await createFetch({ timeout: { idle: 200, total: 150 } })(server.url);
  expect(await errorOf(hasty.text())).toMatchObject({ cause: { name: 'TimeoutError', phase: 'total' } });
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
