import { expect, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

const never = () => new Promise<string>(() => {});

test('a function that takes for ever to make a body does not hold up the caller’s abort', async () => {
  await using server = await startFaultServer();
  const controller = new AbortController();
  const call = createFetch()(server.url, { method: 'POST', body: never, signal: controller.signal });
  setImmediate(() => controller.abort('stop'));
  const error = await Promise.race([call.catch((reason: unknown) => reason), later(200)]);
  expect(error).toBe('stop');
  expect(server.requestsBegun).toBe(0);
});

test('the clocks run while a function makes a body: it is a part of the attempt', async () => {
  await using server = await startFaultServer();
  let made = 0;
  const body = () => (++made === 1 ? never() : 'made');
  const api = createFetch({ timeout: { attempt: 250 }, retry: { base: 1 } });
  const response = await Promise.race([api(server.url, { method: 'POST', body }), later(3_000)]);
  expect(callReport(response)).toMatchObject({
    stopped: 'success',
    attempts: [{ reason: 'timeout', delivery: 'not-sent' }, { reason: 'success' }],
  });
  expect(server.requests.map((request) => request.body.toString())).toEqual(['made']);
});

test('the time that a function takes to make a body is gone from the total', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'cut', at: 'request', how: 'stall' }),
  });
  const body = async () => {
    await later(400);
    return 'made';
  };
  const api = createFetch({ timeout: { attempt: 600, total: 600 } });
  const begun = performance.now();
  const error = await api(server.url, { method: 'POST', body }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TimeoutError', phase: 'total' });
  expect(performance.now() - begun).toBeLessThan(900);
});

/** So that a failure of these tests is one, and no test that hangs. */
function later(ms: number): Promise<'too late'> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'too late'));
}
