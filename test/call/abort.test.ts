import { expect, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

test('an abort ends the pause before a retry at once, with the caller’s own reason, and nothing more is sent', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'answer', status: 503, headers: { 'retry-after': '10' } }),
  });
  const api = createFetch();
  const controller = new AbortController();
  const reason = { why: 'the user left' };
  let abortedAt = 0;
  api.on('retry', () => {
    setImmediate(() => {
      abortedAt = performance.now();
      controller.abort(reason);
    });
  });
  const error = await api(server.url, { signal: controller.signal }).catch((thrown: unknown) => thrown);
  expect(error).toBe(reason);
  expect(performance.now() - abortedAt).toBeLessThan(250);
  expect(server.requests).toHaveLength(1);
  expect(callReport(error)).toMatchObject({ stopped: 'aborted', delivery: 'answered' });
  expect(callReport(error)?.attempts).toHaveLength(1);
});

test('an abort while an attempt waits for its answer is final', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'cut', at: 'request', how: 'stall' }),
  });
  const controller = new AbortController();
  const call = createFetch()(server.url, { signal: controller.signal, method: 'POST', body: 'x' });
  const outcome = call.catch((thrown: unknown) => thrown);
  while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await outcome).toBe(reason);
  expect(callReport(reason)).toMatchObject({
    stopped: 'aborted',
    delivery: 'unknown',
    attempts: [{ reason: 'aborted', delivery: 'unknown' }],
  });
  expect(server.requests).toHaveLength(1);
});

test('aborting one call leaves the other calls on the same breaker alone', async () => {
  await using server = await startFaultServer({ fault: () => ({ kind: 'slow', at: 'request', ms: 40 }) });
  const api = createFetch({ breaker: { minimum: 1, threshold: 0.01 } });
  const controller = new AbortController();
  const aborted = api(server.url, { signal: controller.signal }).catch((thrown: unknown) => thrown);
  const other = api(server.url);
  controller.abort();
  expect(await aborted).toMatchObject({ name: 'AbortError' });
  expect((await other).status).toBe(200);
  expect(api.breakers.get(server.url)?.state).toBe('closed');
});

test('a call whose signal has aborted before sends nothing, and has a report and an event as any other', async () => {
  await using server = await startFaultServer({});
  const api = createFetch();
  const settled: unknown[] = [];
  api.on('settled', (report) => settled.push(report));
  const reason = new Error('the user left before');
  const error = await api(server.url, { signal: AbortSignal.abort(reason) }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBe(reason);
  expect(callReport(error)).toMatchObject({ stopped: 'aborted', delivery: 'not-sent', attempts: [] });
  expect(settled).toMatchObject([{ stopped: 'aborted', attempts: [] }]);
  expect(server.requests).toEqual([]);
});

test('a call that is wrong besides has no report: fetch refuses the request itself', async () => {
  const wrong = { signal: AbortSignal.abort(), headers: { 'not a name': 'x' } };
  const error = await createFetch()('http://127.0.0.1:9/', wrong).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TypeError);
  expect(callReport(error)).toBeUndefined();
});
