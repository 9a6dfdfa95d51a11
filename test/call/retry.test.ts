import { expect, test } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import { type Fault, ok } from '../support/faults.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

/** A backoff of about a millisecond, and the defaults for everything else. */
const quick: Options = { retry: { base: 1, cap: 2 } };
const unavailable: Fault = { kind: 'answer', status: 503 };
const lostAnswer: Fault = { kind: 'cut', at: 'booked', how: 'reset' };

const keysOf = (requests: readonly { headers: Readonly<Record<string, string>> }[]) =>
  requests.map(({ headers }) => headers['idempotency-key']);

test('a POST that meets 503, 503, 201 is sent three times under one key, and the report tells the story', async () => {
  await using server = await startFaultServer({ faults: [unavailable, unavailable] });
  const response = await createFetch(quick)(`${server.url}/charges?secret=1`, {
    method: 'POST',
    body: 'order 7',
  });

  expect(response.status).toBe(201);
  const keys = keysOf(server.requests);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(server.requests.map(({ body }) => body.toString())).toEqual(['order 7', 'order 7', 'order 7']);

  const report = callReport(response);
  expect(report).toMatchObject({
    method: 'POST',
    url: `${server.url}/charges`,
    idempotencyKey: keys[0],
    delivery: 'answered',
    stopped: 'success',
    attempts: [
      { number: 1, waited: 0, status: 503, delivery: 'answered', reason: 'status' },
      { number: 2, status: 503, delivery: 'answered', reason: 'status' },
      { number: 3, status: 201, delivery: 'answered', reason: 'success' },
    ],
  });
});

test('with idempotency: false a POST that meets a 503 is sent once: a repeat could do the work twice', async () => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const api = createFetch({ ...quick, idempotency: false });
  const response = await api(server.url, { method: 'POST', body: 'order 7' });
  expect(response.status).toBe(503);
  expect(server.requests).toHaveLength(1);
  expect(keysOf(server.requests)).toEqual([undefined]);
  expect(callReport(response)?.stopped).toBe('unsafe');
});

test('with idempotency: false an idempotent method is retried all the same', async () => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const response = await createFetch({ ...quick, idempotency: false })(server.url, {
    method: 'PUT',
    body: 'x',
  });
  expect(response.ok).toBe(true);
  expect(server.requests).toHaveLength(2);
});

test('an answer lost after the work was done is asked for again, and the work is done once', async () => {
  await using server = await startFaultServer({ faults: [lostAnswer] });
  const response = await createFetch(quick)(server.url, { method: 'POST', body: 'order 7' });
  expect(response.status).toBe(201);
  expect(server.requests).toHaveLength(2);
  expect(server.effects('order 7')).toBe(1);
});

test('the next call has another key', async () => {
  await using server = await startFaultServer();
  const api = createFetch(quick);
  await api(server.url, { method: 'POST', body: 'a' });
  await api(server.url, { method: 'POST', body: 'b' });
  expect(new Set(keysOf(server.requests)).size).toBe(2);
});

test("the caller's own key wins, given as an option or as a header", async () => {
  await using server = await startFaultServer();
  const api = createFetch(quick);
  await api(server.url, { method: 'POST', body: 'a', idempotencyKey: 'mine-1' });
  const response = await api(server.url, {
    method: 'POST',
    body: 'b',
    headers: { 'idempotency-key': 'mine-2' },
  });
  expect(keysOf(server.requests)).toEqual(['mine-1', 'mine-2']);
  expect(callReport(response)?.idempotencyKey).toBe('mine-2');
});

test('business values become the same key in every client, and another one for another path', async () => {
  await using server = await startFaultServer();
  const send = (path: string) =>
    createFetch(quick)(server.url + path, { method: 'POST', body: 'a', idempotencyKey: ['charge', 7] });
  await send('/charges');
  await send('/charges?page=2');
  await send('/refunds');
  const [first, second, third] = keysOf(server.requests);
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

test('a GET carries no key', async () => {
  await using server = await startFaultServer();
  await createFetch(quick)(server.url);
  expect(keysOf(server.requests)).toEqual([undefined]);
});

test('exhausted retries give the last response back, unread', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'answer', status: 503, body: 'still down' }),
  });
  const response = await createFetch({ retry: { ...quick.retry, attempts: 3 } })(server.url);
  expect(response.status).toBe(503);
  expect(response.bodyUsed).toBe(false);
  expect(await response.text()).toBe('still down');
  expect(server.requests).toHaveLength(3);
  expect(callReport(response)).toMatchObject({ stopped: 'attempts', delivery: 'answered' });
});

test('exhausted retries rethrow the last error itself', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'cut', at: 'request', how: 'reset' }),
  });
  const error = await createFetch({ retry: { ...quick.retry, attempts: 3 } })(server.url).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ message: 'fetch failed' });
  expect(callReport(error)).toMatchObject({ stopped: 'attempts', delivery: 'unknown' });
  expect(callReport(error)?.attempts).toHaveLength(3);
});

test('a status that is not retried comes back at once', async () => {
  await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 404 }] });
  const response = await createFetch(quick)(server.url);
  expect(response.status).toBe(404);
  expect(server.requests).toHaveLength(1);
  expect(callReport(response)?.stopped).toBe('final-status');
});

test.each([408, 425, 429, 500, 502, 503, 504])('%i is retried', async (status) => {
  await using server = await startFaultServer({ faults: [{ kind: 'answer', status }] });
  expect((await createFetch(quick)(server.url)).status).toBe(200);
});

test('409 is asked again with a key and is final without one', async () => {
  const conflict: Fault = { kind: 'answer', status: 409 };
  await using server = await startFaultServer({ faults: [conflict] });
  const api = createFetch(quick);
  expect((await api(server.url, { method: 'POST', body: 'a' })).status).toBe(201);
  server.next(conflict);
  expect((await api(server.url)).status).toBe(409);
});

test('"still running" is asked again after a pause in the range of the cap, not of the base', async () => {
  const [unavailable, conflict] = [503, 409].map((status): Fault => ({ kind: 'answer', status }));
  await using server = await startFaultServer({ faults: [unavailable ?? ok, conflict ?? ok] });
  const api = createClient({ retry: { base: 2, cap: 40 } }, new ManualRuntime());
  const delays: number[] = [];
  api.on('retry', ({ delay }) => delays.push(delay));
  expect((await api(server.url, { method: 'POST', body: 'a' })).status).toBe(201);
  expect(delays).toEqual([1, 20]);
});

test('422 is final with a key, whatever retry.statuses says', async () => {
  await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 422 }] });
  const api = createFetch({ retry: { ...quick.retry, statuses: [422] } });
  expect((await api(server.url, { method: 'POST', body: 'a' })).status).toBe(422);
});

test('retry: false is one attempt', async () => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const response = await createFetch({ retry: false })(server.url);
  expect(response.status).toBe(503);
  expect(callReport(response)?.stopped).toBe('attempts');
});

test('retry.when overrules the statuses both ways, and is told the facts', async () => {
  await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 404 }, unavailable] });
  const told: unknown[] = [];
  const api = createFetch({
    retry: {
      ...quick.retry,
      when: ({ attempt, method, url, status, delivery }) => {
        told.push({ attempt, method, url, status, delivery });
        return status === 404 ? true : status === 503 ? false : undefined;
      },
    },
  });
  const response = await api(`${server.url}/a?b=c`);
  expect(response.status).toBe(503);
  expect(callReport(response)?.stopped).toBe('policy');
  const facts = { method: 'GET', url: `${server.url}/a`, delivery: 'answered' };
  expect(told).toEqual([
    { attempt: 1, status: 404, ...facts },
    { attempt: 2, status: 503, ...facts },
  ]);
});

test('what retry.when throws is thrown by the call, and not retried', async () => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const mistake = new Error('a bug in the hook');
  const api = createFetch({
    retry: {
      when: () => {
        throw mistake;
      },
    },
  });
  await expect(api(server.url)).rejects.toBe(mistake);
  expect(server.requests).toHaveLength(1);
});

test.each([
  ['resolves to false', async () => false],
  ['rejects', async () => Promise.reject(new Error('nobody waits for this'))],
])('retry.when that is async is refused, and does not count as a yes, if it %s', async (_what, when) => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const api = createFetch({ retry: { when: when as never } });
  await expect(api(server.url)).rejects.toThrow('retry.when must return true, false or undefined');
  expect(server.requests).toHaveLength(1);
});

test('the retry budget ends a storm: without calls there are no tokens for retries', async () => {
  await using server = await startFaultServer({ fault: () => unavailable });
  const refused: (string | undefined)[] = [];
  const api = createFetch({ ...quick, breaker: false, budget: { ratio: 0, reserve: 2 } });
  api.on('budget', ({ scope }) => refused.push(scope));
  const response = await api(server.url);
  expect(server.requests).toHaveLength(3);
  expect(callReport(response)?.stopped).toBe('budget');
  expect(refused).toEqual([server.url]);
});

test('a Retry-After is a floor: the next attempt never comes earlier', async () => {
  await using server = await startFaultServer({
    faults: [{ kind: 'answer', status: 503, headers: { 'retry-after-ms': '80' } }],
  });
  const response = await createFetch(quick)(server.url);
  const [, second] = callReport(response)?.attempts ?? [];
  expect(second?.waited).toBeGreaterThanOrEqual(79);
});

test('a stored answer asks for what is left of its Retry-After', async () => {
  const stored = (age: string) =>
    ({ kind: 'answer', status: 503, headers: { 'retry-after': '3600', age } }) satisfies Fault;
  // The Retry-After of the first two is over. The third would need a wait of one hour.
  await using server = await startFaultServer({ faults: [stored('3600'), stored('4000'), stored('0')] });
  const response = await createFetch(quick)(server.url);
  expect(callReport(response)).toMatchObject({ stopped: 'policy' });
  expect(callReport(response)?.attempts.map(({ reason }) => reason)).toEqual(['status', 'status', 'status']);
  expect(server.requests).toHaveLength(3);
});

test('a Retry-After beyond retry.retryAfter ends the call with the response in hand', async () => {
  await using server = await startFaultServer({
    faults: [{ kind: 'answer', status: 503, headers: { 'retry-after': '3600' } }],
  });
  const response = await createFetch(quick)(server.url);
  expect(response.status).toBe(503);
  expect(callReport(response)?.stopped).toBe('policy');
});

test('a Retry-After beyond the time left ends the call at once with the response in hand', async () => {
  await using server = await startFaultServer({
    faults: [{ kind: 'answer', status: 503, headers: { 'retry-after': '2' } }],
  });
  const response = await createFetch({ ...quick, timeout: { total: 1_000 } })(server.url);
  expect(response.status).toBe(503);
  expect(callReport(response)).toMatchObject({ stopped: 'deadline' });
  expect(callReport(response)?.duration).toBeLessThan(900);
});
