import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { Agent } from 'undici';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { callReport, createFetch, type FetchLike, type Options, type SteadInit } from '../../src/index.ts';
import type { FetchBody } from '../../src/model/options.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';

const url = 'http://service.test/';
const quick: Options = { retry: { base: 1, cap: 1 } };

/** A `fetch` that does these things, one a call. */
function scripted(...steps: readonly FetchLike[]) {
  const inits: RequestInit[] = [];
  const fetch: FetchLike = async (input, init = {}) => {
    inits.push(init);
    const step = steps[inits.length - 1];
    if (step === undefined) throw new Error('called too often');
    return step(input, init);
  };
  return { fetch, inits };
}

const answer =
  (status: number, body: FetchBody = 'ok') =>
  async () =>
    new Response(body, { status });
const fail = (error: unknown) => async () => {
  throw error;
};
/** Never answers, and rejects when its signal aborts, as a `fetch` should. */
const silent: FetchLike = (_input, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  });
const body = (start: (controller: ReadableStreamDefaultController<Uint8Array>) => void) =>
  new ReadableStream({ start });

afterEach(() => {
  vi.restoreAllMocks();
});

test('a fetch of the user is sent with, and its response handed over as it is', async () => {
  const own = new Response('whole', { headers: { 'x-a': '1' } });
  for (const buffer of [false, 1_000] as const) {
    const { fetch, inits } = scripted(async () => own.clone());
    const spy = vi.fn(fetch);
    const response = await createFetch({ fetch: spy, buffer })(url, { method: 'POST', body: 'x' });
    expect(response).toBe(await spy.mock.results[0]?.value);
    expect(response.bodyUsed).toBe(false);
    expect(await response.text()).toBe('whole');
    expect(inits[0]).toMatchObject({ method: 'POST', body: 'x' });
    expect(callReport(response)).toMatchObject({ stopped: 'success', delivery: 'answered' });
  }
});

test('a dispatcher is passed on to another fetch, for those that take one', async () => {
  const dispatcher = new Agent();
  const seen: unknown[] = [];
  const fetch = async (_input: unknown, init: object = {}) => {
    seen.push(Reflect.get(init, 'dispatcher'));
    return new Response();
  };
  await createFetch({ fetch })('http://service.example/', { dispatcher });
  await createFetch({ fetch, dispatcher })('http://service.example/');
  await createFetch({ fetch })('http://service.example/');
  expect(seen).toEqual([dispatcher, dispatcher, undefined]);
});

test('a globalThis.fetch that was replaced after loading is sent with', async () => {
  const replaced = vi.spyOn(globalThis, 'fetch').mockImplementation(answer(200, 'stubbed'));
  expect(await (await createFetch()(url)).text()).toBe('stubbed');
  replaced.mockRestore();
});

test('an attempt that takes too long is stopped through its signal, and retried with a fresh one', async () => {
  const { fetch, inits } = scripted(silent, answer(200));
  const response = await createFetch({ ...quick, fetch, timeout: { attempt: 30 } })(url);
  expect(callReport(response)?.attempts).toMatchObject([
    { reason: 'timeout', delivery: 'unknown', error: { code: 'ERR_STEADFETCH_TIMEOUT' } },
    { reason: 'success' },
  ]);
  expect(inits[0]?.signal?.reason).toMatchObject({ name: 'TimeoutError', phase: 'attempt' });
  expect(inits[1]?.signal?.aborted).toBe(false);
});

test('a fetch that does not listen to its signal is not waited for; what it brings later is let go of', async () => {
  let bring: (response: Response) => void = () => {};
  const deaf: FetchLike = () =>
    new Promise((resolve) => {
      bring = resolve;
    });
  const error = await errorOf(createFetch({ fetch: deaf, retry: false, timeout: { attempt: 20 } })(url));
  expect(error).toMatchObject({ name: 'TimeoutError', phase: 'attempt' });
  const cancelled = vi.fn();
  bring(new Response(new ReadableStream({ cancel: cancelled })));
  await eventually(() => expect(cancelled).toHaveBeenCalledOnce());
});

test('a fetch that does not listen, and fails later, makes no unhandled rejection', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  let failLater: (error: Error) => void = () => {};
  const deaf: FetchLike = () =>
    new Promise((_resolve, reject) => {
      failLater = reject;
    });
  await errorOf(createFetch({ fetch: deaf, retry: false, timeout: { attempt: 20 } })(url));
  failLater(new Error('too late'));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(unhandled).not.toHaveBeenCalled();
  process.off('unhandledRejection', unhandled);
});

test('the time of a body ends it, and the error knows its call', async () => {
  const listening: FetchLike = async (_input, init) =>
    new Response(
      body((controller) =>
        init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason)),
      ),
    );
  const response = await createFetch({ fetch: listening, timeout: { body: 40 } })(url);
  const error = await errorOf(response.text());
  expect(error).toMatchObject({ name: 'TimeoutError', phase: 'body' });
  expect(callReport(error)?.id).toBe(callReport(response)?.id);
});

test('silence in a body that only its reader can see is not held against the server', async () => {
  let push: (chunk: Uint8Array | undefined) => void = () => {};
  const slow: FetchLike = async (_input, init) =>
    new Response(
      body((controller) => {
        push = (chunk) => (chunk ? controller.enqueue(chunk) : controller.close());
        init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason));
      }),
    );
  const options: Options = { fetch: slow, timeout: { attempt: 20, idle: 20 }, retry: false };
  const response = await createFetch(options)(url);
  // The same once the buffer is full: 4 bytes are read ahead, the rest is the reader's.
  const early = createFetch({ ...options, buffer: 2 })(url);
  await new Promise((resolve) => setImmediate(resolve));
  push(Buffer.from('read'));
  const buffered = await early;
  await new Promise((resolve) => setTimeout(resolve, 60));
  push(Buffer.from(' on'));
  push(undefined);
  expect(await buffered.text()).toBe('read on');
  expect(response.bodyUsed).toBe(false);
});

test('what was read ahead does not keep a body going that its reader has cancelled', async () => {
  const cancelled = vi.fn();
  const endless: FetchLike = async () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
        cancel: cancelled,
      }),
    );
  const response = await createFetch({ fetch: endless, buffer: 3_500 })(url);
  const reader = response.body?.getReader();
  expect((await reader?.read())?.value?.byteLength).toBe(1_000);
  await reader?.cancel();
  expect(cancelled).toHaveBeenCalledOnce();
});

test.each(['listens', 'does not listen'])(
  "the caller's abort rejects at once with its own reason, though the fetch %s",
  async (how) => {
    const fetch = vi.fn<FetchLike>(how === 'listens' ? silent : () => new Promise(() => {}));
    const controller = new AbortController();
    const call = createFetch({ fetch, timeout: false })(url, { signal: controller.signal });
    const outcome = errorOf(call);
    await eventually(() => expect(fetch).toHaveBeenCalled());
    const reason = { mine: true };
    controller.abort(reason);
    expect(await outcome).toBe(reason);
    expect(callReport(reason)).toMatchObject({ stopped: 'aborted', delivery: 'unknown' });
  },
);

test('a call that is aborted before the fetch is called does not call it', async () => {
  const fetch = vi.fn(silent);
  const controller = new AbortController();
  const reason = { mine: true };
  // The fetch is called in the same turn as steadfetch, unless there is a body to wait for.
  const body = () => {
    controller.abort(reason);
    return 'x';
  };
  const init = { method: 'POST', body, signal: controller.signal };
  expect(await errorOf(createFetch({ fetch, timeout: false })(url, init))).toBe(reason);
  expect(fetch).not.toHaveBeenCalled();
  expect(callReport(reason)?.delivery).toBe('not-sent');
});

const coded = (code: unknown) => Object.assign(new Error('x'), { code });

test.each([
  ["fetch's own network error", new TypeError('fetch failed')],
  ['one with a cause', new TypeError('fetch failed', { cause: coded('ECONNRESET') })],
  ['an error with a network code', coded('ECONNREFUSED')],
  ["a time limit of the fetch's own", new DOMException('took too long', 'TimeoutError')],
])('%s is retried: unknown whether it was sent', async (_what, error) => {
  const { fetch } = scripted(fail(error), answer(200));
  const response = await createFetch({ ...quick, fetch })(url);
  expect(callReport(response)?.attempts).toMatchObject([
    { reason: 'network', delivery: 'unknown' },
    { reason: 'success' },
  ]);
});

test('an unsafe call is not repeated after a network error', async () => {
  const error = new TypeError('fetch failed', { cause: coded('ECONNREFUSED') });
  const { fetch } = scripted(fail(error));
  const thrown = await errorOf(createFetch({ ...quick, fetch, idempotency: false })(url, { method: 'POST' }));
  expect(thrown).toBe(error);
  expect(callReport(error)).toMatchObject({ stopped: 'unsafe', delivery: 'unknown' });
});

test.each([
  ['a plain error', new Error('socket hang up')],
  ['an error with a number as code', coded(23)],
  ['an error of another realm', runInNewContext("new Error('socket hang up')") as Error],
  ['an error of a class of its own', Object.assign(new Error('request failed'), { name: 'FetchError' })],
])('%s from another fetch is a network error, like one with a code', async (_what, error) => {
  const { fetch } = scripted(fail(error), fail(error), async () => new Response());
  const response = await createFetch({ ...quick, fetch })(url);
  expect(callReport(response)?.attempts.map(({ reason, error }) => [reason, error?.name])).toEqual([
    ['network', error.name],
    ['network', error.name],
    ['success', undefined],
  ]);
});

test.each([
  ['that has no end is', { redirect: 'follow' }, 21],
  ['that the caller forbids is', { redirect: 'error' }, 1],
] as const)("a redirect %s not asked for again, and nobody's failure", async (_what, init, requests) => {
  let seen = 0;
  const server = createServer((_request, response) => {
    seen += 1;
    response.writeHead(302, { location: '/' }).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const api = createFetch({ ...quick, fetch: globalThis.fetch, breaker: { minimum: 1 } });
  const error = await errorOf(api(`http://127.0.0.1:${port}/`, init));
  server.close();
  expect(error).toMatchObject({ name: 'TypeError' });
  expect(callReport(error)).toMatchObject({ stopped: 'policy', attempts: [{ reason: 'invalid' }] });
  expect(seen).toBe(requests);
  expect(api.breakers.get(`http://127.0.0.1:${port}`)?.state ?? 'closed').toBe('closed');
});

test.each([
  ['a RangeError', new RangeError('a bug')],
  ["an abort that was not the caller's", new DOMException('stop', 'AbortError')],
  ['a mistake with a code', coded('ERR_INVALID_ARG_TYPE')],
  ['a ReferenceError', new ReferenceError('a bug')],
  ['a string', 'just a string'],
  ['undefined', undefined],
  ['null', null],
])(
  'what a fetch throws that is no network error is not retried, and thrown as it is: %s',
  async (_what, error) => {
    const { fetch } = scripted(fail(error));
    const api = createFetch({ ...quick, fetch, breaker: { minimum: 1 } });
    let report: unknown;
    api.on('settled', (settled) => {
      report = settled;
    });
    let thrown: unknown = 'nothing';
    await api(url).catch((reason: unknown) => {
      thrown = reason;
    });
    expect(thrown).toBe(error);
    expect(report).toMatchObject({ stopped: 'policy', attempts: [{ reason: 'invalid' }] });
    expect(api.breakers.get('http://service.test')?.state).toBe('closed');
  },
);

test('a TypeError about a request that cannot be built is not retried', async () => {
  const { fetch } = scripted(async (input, init) => {
    new Request(input, init);
    throw new Error('not reached');
  });
  const error = await errorOf(createFetch({ ...quick, fetch })(url, { headers: { 'not a name': 'x' } }));
  expect(error).toBeInstanceOf(TypeError);
  expect(callReport(error)).toMatchObject({ stopped: 'policy', attempts: [{ reason: 'invalid' }] });
});

test('a fetch that throws instead of rejecting is no different', async () => {
  const error = new TypeError('fetch failed');
  const { fetch } = scripted(() => {
    throw error;
  }, answer(200));
  expect((await createFetch({ ...quick, fetch })(url)).status).toBe(200);
});

test('whatever breaks a body that is buffered was the network', async () => {
  const odd = body((controller) => controller.error(new Error('no code, no TypeError')));
  const { fetch } = scripted(answer(200, odd), answer(200, 'whole'));
  const response = await createFetch({ ...quick, fetch, buffer: 100 })(url);
  expect(await response.text()).toBe('whole');
  expect(callReport(response)?.attempts[0]).toMatchObject({ status: 200, reason: 'network' });
});

/** Reads the request body, as a `fetch` that sends it would. */
const reading: FetchLike = async (_input, init) => {
  try {
    return new Response(await new Response(init?.body as FetchBody).text());
  } catch (cause) {
    throw new TypeError('fetch failed', { cause });
  }
};

test('a request body that throws is not retried, and no fault of the dependency', async () => {
  const fetch = vi.fn(reading);
  const api = createFetch({ ...quick, fetch, breaker: { minimum: 1 } });
  const make = () => body((controller) => controller.error(new Error('the disk is gone')));
  const error = await errorOf(api(url, { method: 'PUT', body: make, duplex: 'half' }));
  expect(error).toMatchObject({ cause: { message: 'the disk is gone' } });
  expect(callReport(error)).toMatchObject({ stopped: 'body', attempts: [{ reason: 'body' }] });
  expect(fetch).toHaveBeenCalledOnce();
  expect(api.breakers.get('http://service.test')?.state).toBe('closed');
});

test('a stream as request body arrives whole, and one that was never touched may go again', async () => {
  const { fetch } = scripted(fail(new TypeError('fetch failed')), reading);
  const stream = ReadableStream.from([Buffer.from('in two '), Buffer.from('pieces')]);
  const response = await createFetch({ ...quick, fetch })(url, {
    method: 'PUT',
    body: stream,
    duplex: 'half',
  });
  expect(await response.text()).toBe('in two pieces');
});

describe('a stream that was used already is refused, and not sent empty', () => {
  const used = async () => {
    const { body: stream } = new Response('order 7');
    const reader = stream?.getReader();
    await reader?.read();
    reader?.releaseLock();
    return stream;
  };
  const locked = async () => {
    const { body: stream } = new Response('order 7');
    stream?.getReader();
    return stream;
  };

  test.each([
    ['read from', used, {}],
    ['read from, with one attempt', used, { retry: false }],
    ['locked', locked, {}],
    ['made by a function, and read from', async () => used, {}],
  ] as const)('%s', async (_what, make, policy) => {
    const { fetch, inits } = scripted();
    const api = createFetch({ ...quick, fetch });
    const sent = api(url, { method: 'POST', body: await make(), duplex: 'half', policy } as SteadInit);
    const error = await errorOf(sent);
    expect(error).toMatchObject({ name: 'TypeError', message: expect.stringMatching(/disturbed or locked/) });
    expect(inits).toHaveLength(0);
    expect(callReport(error)?.attempts.length ?? 0).toBeLessThan(2);
    expect(api.breakers.get('http://service.test')?.failures ?? 0).toBe(0);
  });

  test('by a function that gives the same stream to each attempt', async () => {
    const sent: string[] = [];
    const fetch: FetchLike = async (_input, init) => {
      sent.push(await new Response(init?.body).text());
      return new Response(null, { status: 503 });
    };
    const { body: same } = new Response('order 7');
    const init = { method: 'POST', body: () => same, duplex: 'half' } as SteadInit;
    const error = await errorOf(createFetch({ ...quick, fetch })(url, init));
    expect([sent, callReport(error)?.stopped]).toEqual([['order 7'], 'policy']);
  });
});

test("the chunks of a request body stay the caller's, and empty ones are passed over", async () => {
  const chunks = [Buffer.from('in two '), Buffer.alloc(0), Buffer.from('pieces')];
  const make = () => ReadableStream.from(chunks);
  const response = await createFetch({ fetch: reading })(url, { method: 'PUT', body: make, duplex: 'half' });
  expect(await response.text()).toBe('in two pieces');
  expect(Buffer.concat(chunks).toString()).toBe('in two pieces');
});

test('a request body that the fetch cancels is cancelled for good', async () => {
  const cancelled = vi.fn();
  const stream = new ReadableStream({ cancel: cancelled });
  const { fetch } = scripted(async (_input, init) => {
    const sent = init?.body as ReadableStream;
    await sent.cancel('not wanted');
    return new Response('ok');
  });
  await createFetch({ fetch })(url, { method: 'PUT', body: () => stream, duplex: 'half' });
  expect(cancelled).toHaveBeenCalledWith('not wanted');
});

test('a body that nobody reads does not keep the process alive', async () => {
  const script = `
    import { createFetch } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    const fetch = async () => new Response(new ReadableStream({}));
    globalThis.kept = await createFetch({ fetch, timeout: { total: 600_000 } })('http://service.test/');
    console.log(globalThis.kept.status);
  `;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 8_000 });
  expect(stdout).toBe('200\n');
});

describe('what a test puts in place of a Response', () => {
  const double = (members: object) => async () => members as Response;
  const found = { json: async () => ({ id: 7 }) };

  test.each([
    ['no headers and no body', { ok: true, status: 200, ...found }],
    ['no status', { ok: true, ...found }],
    ['headers that are a plain object', { status: 200, headers: { 'x-a': '1' }, ...found }],
    ['headers that are a Map', { status: 200, headers: new Map([['x-a', '1']]), ...found }],
    ['a text as its body', { status: 200, body: '{"id":7}', ...found }],
  ])('is handed over as it is: one with %s', async (_name, members) => {
    for (const options of [{}, { buffer: 1_000 }, { timeout: false }] as const) {
      const api = createFetch({ ...quick, ...options, fetch: double(members) });
      const response = await api(url, { signal: new AbortController().signal });
      expect(response).toBe(members);
      expect(await response.json()).toEqual({ id: 7 });
      expect(callReport(response)).toMatchObject({ stopped: 'success', attempts: [{}] });
    }
  });

  test('is retried by its status', async () => {
    const { fetch } = scripted(
      double({ ok: false, status: 503 }),
      double({ ok: true, status: 200, ...found }),
    );
    const response = await createFetch({ ...quick, fetch })(url);
    expect(await response.json()).toEqual({ id: 7 });
    expect(callReport(response)?.attempts).toHaveLength(2);
  });

  test.each([undefined, null, 'ok'])(
    'is a mistake that is named, and not retried, if it is %s',
    async (nothing) => {
      const fetch = vi.fn(async () => nothing as unknown as Response);
      const error = await errorOf(createFetch({ ...quick, fetch })(url));
      expect(error).toMatchObject({
        name: 'PolicyError',
        message: `fetch must resolve to a Response, got ${nothing}`,
      });
      expect(fetch).toHaveBeenCalledTimes(1);
    },
  );
});

test("a body that is a stream of Node's, as node-fetch has it, is closed before the next attempt", async () => {
  const refused = Readable.from(['busy']);
  const whole = Readable.from(['whole']);
  const { fetch } = scripted(
    async () => ({ status: 503, headers: new Headers(), body: refused }) as unknown as Response,
    async () => ({ status: 200, headers: new Headers(), body: whole }) as unknown as Response,
  );
  const response = await createFetch({ ...quick, fetch, buffer: 1_000 })(url);
  expect(refused.destroyed).toBe(true);
  expect(whole.destroyed).toBe(false);
  expect(callReport(response)).toMatchObject({
    stopped: 'success',
    attempts: [{ status: 503 }, { status: 200 }],
  });
});
