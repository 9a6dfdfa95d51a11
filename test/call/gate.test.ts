import { expect, test } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { callReport, type FetchLike, type Options } from '../../src/index.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

// The decisions between a failed attempt and the next one, on a clock that is set by hand.

const url = 'http://service.test/path';
const at = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

/** A service that gives these answers in turn, and then 200. */
function service(...answers: Response[]) {
  const sent: (string | null)[] = [];
  const fetch: FetchLike = async (_input, init) => {
    sent.push(new Headers(init?.headers).get('idempotency-key'));
    return answers.shift() ?? at(200);
  };
  return { sent, fetch, answer: (...more: Response[]) => void answers.push(...more) };
}

const many = (count: number, status: number) => Array.from({ length: count }, () => at(status));

/** A client without pauses, which does not wait for room. With `reserve: 0` it gets no loan. */
function clientOf(fetch: FetchLike, options: Options, runtime = new ManualRuntime()) {
  return createClient(
    { fetch, retry: { attempts: 100, base: 0, cap: 0 }, breaker: false, patience: 0, ...options },
    runtime,
  );
}

/** A body that is too long to be drained. */
function endless() {
  let cancelled = false;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(128 * 1024)),
    cancel: () => {
      cancelled = true;
    },
  });
  return { body, isCancelled: () => cancelled };
}

const stopOf = (response: Response) => callReport(response)?.stopped;

test('answered calls earn the retries of those that are not', async () => {
  const { fetch, sent, answer } = service();
  const api = clientOf(fetch, { budget: { ratio: 0.5, reserve: 0 } });
  for (let call = 1; call <= 4; call++) await api(url);
  answer(...many(10, 503));
  const response = await api(url);
  expect([response.status, stopOf(response)]).toEqual([503, 'budget']);
  // A retry that is refused again costs two tokens, which is all that there are.
  expect(sent.length - 4).toBe(1 + 1);
});

test.each([
  [404, 'an answer is an answer', 2],
  [429, 'it asks for another one', 1],
  [500, 'it is a failure', 1],
])('a %i earns as it should: %s', async (status, _why, requests) => {
  const { fetch, sent, answer } = service(at(status));
  const api = clientOf(fetch, { budget: { ratio: 1, reserve: 0 } });
  await api(url, { policy: { retry: false } });
  answer(...many(10, 503));
  await api(url);
  expect(sent.length - 1).toBe(requests);
});

test('a retry that is answered gets its token back', async () => {
  const { fetch, answer } = service();
  const api = clientOf(fetch, { budget: { ratio: 0.5, reserve: 0 } });
  await api(url);
  await api(url);
  // One token is saved. If the first retry used it up, only half a token would be left for the second.
  for (const call of [1, 2]) {
    answer(at(503));
    expect([call, (await api(url)).status]).toEqual([call, 200]);
  }
});

test('without a budget nothing is counted and nothing is refused', async () => {
  const { fetch, sent } = service(...many(50, 503));
  const response = await clientOf(fetch, { budget: false })(url);
  expect([response.status, sent.length]).toEqual([200, 51]);
});

test('with a breaker and no budget the breaker alone ends the storm, and the report names it', async () => {
  const { fetch, sent } = service(...many(50, 503));
  const api = clientOf(fetch, { budget: false, breaker: { minimum: 5 } });
  const response = await api(url);
  expect([response.status, stopOf(response), sent.length]).toEqual([503, 'breaker', 5]);
  await expect(api(url)).rejects.toMatchObject({
    code: 'ERR_STEADFETCH_BREAKER_OPEN',
    scope: 'http://service.test',
  });
});

test('a pause that leaves less than 50 ms for the attempt after it is not made', async () => {
  const asking = (ms: number) => at(503, { 'retry-after-ms': String(ms) });
  const timeout = { attempt: 100, total: 100 };
  const inTime = service(asking(50));
  expect((await clientOf(inTime.fetch, { timeout })(url)).status).toBe(200);
  const late = service(asking(51));
  const response = await clientOf(late.fetch, { timeout })(url);
  expect([response.status, stopOf(response), late.sent.length]).toEqual([503, 'deadline', 1]);
});

test('a Retry-After of just the longest wait that is allowed is waited for', async () => {
  const { fetch } = service(at(503, { 'retry-after-ms': '5' }));
  const retry = { base: 0, cap: 0, retryAfter: 5 };
  expect((await clientOf(fetch, { retry })(url)).status).toBe(200);
});

test('a keyed repeat ends when the server forgets the key; one without a key does not', async () => {
  const idempotency = { header: 'idempotency-key', lifetime: 20 } as const;
  const asking = (ms: number) => at(503, { 'retry-after-ms': String(ms) });
  const post = { method: 'POST', body: 'order' };
  const remembered = service(asking(19));
  expect((await clientOf(remembered.fetch, { idempotency })(url, post)).status).toBe(200);
  const forgotten = service(asking(20));
  const response = await clientOf(forgotten.fetch, { idempotency })(url, post);
  expect([response.status, stopOf(response), forgotten.sent.length]).toEqual([503, 'unsafe', 1]);
  const unkeyed = service(asking(20));
  expect((await clientOf(unkeyed.fetch, { idempotency })(url)).status).toBe(200);
  const ignored = service(asking(20));
  expect((await clientOf(ignored.fetch, { idempotency: false })(url)).status).toBe(200);
});

test('the pause before the time for a key runs out is drawn on the clock of the call', async () => {
  const idempotency = { header: 'idempotency-key', lifetime: 20 } as const;
  const runtime = new ManualRuntime();
  const answers = [at(503), at(503)];
  const fetch: FetchLike = async () => {
    runtime.advance(12);
    return answers.shift() ?? at(200);
  };
  const response = await clientOf(fetch, { idempotency }, runtime)(url, { method: 'POST', body: 'order' });
  expect([response.status, stopOf(response)]).toEqual([503, 'unsafe']);
  expect(callReport(response)?.attempts).toHaveLength(2);
});

test('409 is "still running" only to a call with a key: a PUT with statuses: [409] goes by the base', async () => {
  const pauses: number[] = [];
  const retry = { base: 2, cap: 10, statuses: [409] };
  const api = clientOf(service(at(409), at(200), at(409)).fetch, { retry });
  api.on('retry', ({ delay }) => pauses.push(delay));
  await api(url, { method: 'PUT', body: 'x' });
  await api(url, { method: 'POST', body: 'x' });
  expect(pauses).toEqual([0.5 * 2, 0.5 * 10]);
});

test('what retry.when throws lets go of the response that it was shown', async () => {
  const { body, isCancelled } = endless();
  const mistake = new Error('a bug in the hook');
  const retry = {
    when: () => {
      throw mistake;
    },
  };
  const api = clientOf(async () => new Response(body, { status: 503 }), { retry });
  const error = await api(url).catch((thrown: unknown) => thrown);
  expect(error).toBe(mistake);
  expect(callReport(error)).toMatchObject({ stopped: 'policy', attempts: [{ status: 503 }] });
  await expect.poll(isCancelled).toBe(true);
});

test('retry.when is shown the error of an attempt that threw, and is not asked about successes and aborts', async () => {
  const asked: unknown[] = [];
  const lost = Object.assign(new Error('lost'), { code: 'ECONNRESET' });
  const outcomes = [Promise.reject(lost), Promise.resolve(at(200))];
  const retry = {
    base: 0,
    cap: 0,
    when: ({ error }: { error?: unknown }) => void asked.push(error),
  };
  const api = clientOf(() => outcomes.shift() ?? Promise.resolve(at(200)), { retry });
  expect((await api(url)).status).toBe(200);
  expect(asked).toEqual([lost]);
});

test('an abort during the pause beats the answer in hand, which is let go of', async () => {
  const { body, isCancelled } = endless();
  const controller = new AbortController();
  const api = clientOf(
    async () => new Response(body, { status: 503, headers: { 'retry-after-ms': '1000' } }),
    {},
  );
  api.on('retry', () => controller.abort('enough'));
  const error = await api(url, { signal: controller.signal }).catch((thrown: unknown) => thrown);
  expect(error).toBe('enough');
  await expect.poll(isCancelled).toBe(true);
});

test('a client that is extended without a budget takes nothing from the one that it shares, and brings nothing', async () => {
  const { fetch, answer } = service();
  const api = clientOf(fetch, { budget: { ratio: 1, reserve: 0 } });
  const without = api.extend({ budget: false });
  await without(url);
  answer(at(503));
  expect(stopOf(await api(url))).toBe('budget');
  await api(url);
  answer(at(503));
  expect((await without(url)).status).toBe(200);
  answer(at(503));
  expect((await api(url)).status).toBe(200);
});

test('a client that is extended without a breaker neither asks the one that it shares nor tells it anything', async () => {
  const { fetch } = service(...many(9, 503));
  const api = clientOf(fetch, { breaker: { minimum: 2 }, retry: false });
  const without = api.extend({ breaker: false });
  await api(url);
  for (let call = 1; call <= 5; call++) await without(url);
  expect(api.breakers.get('http://service.test')?.state).toBe('closed');
  await api(url);
  expect(api.breakers.get('http://service.test')?.state).toBe('open');
  expect((await without(url)).status).toBe(503);
});

test('an attempt began when the clock says, in epoch milliseconds', async () => {
  const runtime = new ManualRuntime();
  runtime.advance(5_000);
  const answers = [at(503), at(200)];
  const fetch: FetchLike = async () => {
    runtime.advance(12);
    return answers.shift() ?? at(200);
  };
  const response = await clientOf(fetch, {}, runtime)(url);
  const began = runtime.origin + 5_000;
  expect(callReport(response)).toMatchObject({
    startedAt: began,
    duration: 24,
    attempts: [
      { startedAt: began, duration: 12 },
      { startedAt: began + 12, duration: 12 },
    ],
  });
});

test('a key on a PUT makes no status final: the dialect says that such keys are not looked at', async () => {
  const retry = { base: 0, cap: 0, statuses: [422] };
  const put = service(at(422));
  const init = { body: 'x', idempotencyKey: 'k' };
  expect((await clientOf(put.fetch, { retry })(url, { ...init, method: 'PUT' })).status).toBe(200);
  expect(put.sent).toEqual(['k', 'k']);
  const post = service(at(422));
  expect((await clientOf(post.fetch, { retry })(url, { ...init, method: 'POST' })).status).toBe(422);
});

test('retry.when is not asked about an abort, nor about a body that could not be made', async () => {
  const asked: unknown[] = [];
  const retry = { when: (failure: object) => void asked.push(failure) };
  const controller = new AbortController();
  const aborted = clientOf(() => new Promise(() => {}), { retry })(url, { signal: controller.signal });
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  const body = () => {
    throw new Error('no body today');
  };
  const bodiless = clientOf(service().fetch, { retry })(url, { method: 'POST', body });
  await expect(bodiless).rejects.toThrow('no body today');
  expect(asked).toEqual([]);
});
