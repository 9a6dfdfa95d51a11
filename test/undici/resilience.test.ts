import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  type Dispatcher,
  getGlobalDispatcher,
  pipeline,
  request,
  setGlobalDispatcher,
  stream,
  fetch as undiciFetch,
} from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { type CallReport, callReport } from '../../src/index.ts';
import { callOptions, resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { guarded, quick } from './support.ts';

const unavailable: Fault = { kind: 'answer', status: 503 };
const lostAnswer: Fault = { kind: 'cut', at: 'booked', how: 'reset' };

const usual = getGlobalDispatcher();
afterEach(() => setGlobalDispatcher(usual));

const keysOf = (requests: readonly { headers: Readonly<Record<string, string>> }[]) =>
  requests.map(({ headers }) => headers['idempotency-key']);

/** What undici hands over with a response, so that its report can be asked for. */
const reportOf = ({ context }: { context: object }): CallReport | undefined => callReport(context);

describe('undici.request', () => {
  test('a POST that meets a 503 and loses an answer has one effect under one key, and the context tells the story', async () => {
    await using server = await startFaultServer({ faults: [unavailable, lostAnswer] });
    const { dispatcher } = guarded();
    const response = await request(`${server.url}/charges?secret=1`, {
      dispatcher,
      method: 'POST',
      body: 'order 7',
    });
    expect(response.statusCode).toBe(201);
    expect(await response.body.json()).toEqual({ ok: true, booking: 1 });
    expect(server.effects('order 7')).toBe(1);
    const keys = keysOf(server.requests);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(reportOf(response)).toMatchObject({
      method: 'POST',
      url: `${server.url}/charges`,
      idempotencyKey: keys[0],
      stopped: 'success',
      attempts: [
        { status: 503, delivery: 'answered' },
        { delivery: 'unknown', reason: 'network', error: { code: 'ECONNRESET' } },
        { status: 201, delivery: 'answered' },
      ],
    });
  });

  test('a GET carries no key, and query and headers arrive as they are', async () => {
    await using server = await startFaultServer();
    const { dispatcher } = guarded();
    const headers = { 'x-one': '1', 'x-many': ['a', 'b'] };
    const { body } = await request(`${server.url}/there`, { dispatcher, query: { a: 'b c' }, headers });
    await body.dump();
    const [seen] = server.requests;
    expect([seen?.method, seen?.path]).toEqual(['GET', '/there?a=b%20c']);
    expect(seen?.headers).toMatchObject({ 'x-one': '1', 'x-many': 'a, b' });
    expect(keysOf(server.requests)).toEqual([undefined]);
  });

  test.each<[string, NonNullable<Dispatcher.DispatchOptions['headers']>]>([
    ['an object', { 'Idempotency-Key': 'mine', 'x-a': '1' }],
    ['names and values in turn', ['idempotency-key', 'mine', 'x-a', '1']],
    [
      'pairs',
      new Map([
        ['IDEMPOTENCY-KEY', 'mine'],
        ['x-a', '1'],
      ]),
    ], // prettier-ignore
    ['Headers', new Headers({ 'idempotency-key': 'mine', 'x-a': '1' })],
  ])('the caller’s own key wins, in headers given as %s', async (_form, headers) => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { dispatcher } = guarded();
    const { body } = await request(server.url, { dispatcher, method: 'POST', body: 'x', headers });
    await body.dump();
    expect(keysOf(server.requests)).toEqual(['mine', 'mine']);
    expect(server.requests.map(({ headers }) => headers['x-a'])).toEqual(['1', '1']);
  });

  test('a header may have a name that every object knows', async () => {
    await using server = await startFaultServer();
    const { dispatcher } = guarded();
    const headers = ['constructor', 'mine'];
    await (await request(server.url, { dispatcher, headers })).body.dump();
    expect(Object.entries(server.requests[0]?.headers ?? {})).toContainEqual(['constructor', 'mine']);
  });

  test('headers that a caller changes during the call stay as they were', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { guard, dispatcher } = guarded();
    const headers: Record<string, string> = { 'x-a': 'before' };
    guard.on('retry', () => {
      headers['x-a'] = 'after';
    });
    await (await request(server.url, { dispatcher, headers })).body.dump();
    expect(server.requests.map(({ headers }) => headers['x-a'])).toEqual(['before', 'before']);
  });

  test('business values and a policy go with the request’s other options', async () => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const { dispatcher } = guarded();
    const init = callOptions({
      dispatcher,
      method: 'POST',
      body: 'x',
      idempotencyKey: ['order', 7],
      policy: { retry: { attempts: 2 } },
    });
    const [one, two] = [await request(`${server.url}/a`, init), await request(`${server.url}/a`, init)];
    await Promise.all([one.body.dump(), two.body.dump()]);
    expect(server.requests).toHaveLength(4);
    expect(new Set(keysOf(server.requests)).size).toBe(1);
    expect(reportOf(one)?.stopped).toBe('attempts');
  });

  test('a mistake in them rejects the request, which is never sent', async () => {
    await using server = await startFaultServer();
    const { dispatcher } = guarded();
    const wrong = (options: object) =>
      errorOf(request(server.url, { dispatcher, method: 'POST', body: 'x', ...options }));
    expect(await wrong({ policy: { retry: { attempts: 0 } } })).toMatchObject({
      code: 'ERR_STEADFETCH_POLICY',
      path: 'policy.retry.attempts',
    });
    expect(await wrong({ idempotencyKey: [] })).toBeInstanceOf(TypeError);
    expect(server.requestsBegun).toBe(0);
  });

  test('an exhausted call gives the last response back, with its whole body', async () => {
    await using server = await startFaultServer({
      fault: () => ({ kind: 'answer', status: 503, bytes: 300_000 }),
    });
    const { dispatcher } = guarded({ ...quick, retry: { attempts: 2, base: 1, cap: 1 } });
    const response = await request(server.url, { dispatcher });
    expect(response.statusCode).toBe(503);
    expect((await response.body.arrayBuffer()).byteLength).toBe(300_000);
    expect(reportOf(response)).toMatchObject({ stopped: 'attempts', attempts: [{}, {}] });
  });

  test('a refused connection was not sent, and the error knows its report', async () => {
    const { dispatcher } = guarded();
    const error = await errorOf(request('http://127.0.0.1:1/', { dispatcher, method: 'POST', body: 'x' }));
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(callReport(error)).toMatchObject({
      delivery: 'not-sent',
      attempts: [{ delivery: 'not-sent' }, {}, {}, {}],
    });
  });

  test('raw headers and informational answers get through', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'interim', statuses: [103] }] });
    const { dispatcher } = guarded();
    const hints: number[] = [];
    const response = await request(server.url, {
      dispatcher,
      responseHeaders: 'raw',
      onInfo: ({ statusCode }) => hints.push(statusCode),
    });
    await response.body.dump();
    expect(hints).toEqual([103]);
    expect(Object.values(response.headers)).toContain('content-type');
  });
});

describe('the other ways through a dispatcher', () => {
  test('undici.stream gets the good answer only', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { dispatcher } = guarded();
    const statuses: number[] = [];
    const chunks: Buffer[] = [];
    await stream(server.url, { dispatcher, method: 'GET' }, ({ statusCode }) => {
      statuses.push(statusCode);
      return new Writable({ write: (chunk, _encoding, done) => void done(void chunks.push(chunk)) as never });
    });
    expect(statuses).toEqual([200]);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ ok: true });
  });

  test('undici.pipeline sends its body once: an answer that asks for another one is final', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { guard, dispatcher } = guarded();
    const stopped: string[] = [];
    guard.on('settled', (report) => stopped.push(report.stopped));
    let status = 0;
    const duplex = pipeline(server.url, { dispatcher, method: 'PUT' }, ({ statusCode, body }) => {
      status = statusCode;
      return body;
    });
    duplex.end('data');
    duplex.resume();
    await finished(duplex);
    expect([status, stopped]).toEqual([503, ['body']]);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['data']);
  });

  test('undici’s fetch, redirects included', async () => {
    await using server = await startFaultServer({
      faults: [unavailable, { kind: 'answer', status: 307, headers: { location: '/there' } }, unavailable],
    });
    const { dispatcher } = guarded();
    const response = await undiciFetch(server.url, { dispatcher });
    expect([response.status, response.redirected]).toEqual([200, true]);
    expect(await response.json()).toEqual({ ok: true, path: '/there' });
  });

  test('a whole process, once it is the global dispatcher', async () => {
    await using server = await startFaultServer({ faults: [unavailable, unavailable] });
    setGlobalDispatcher(guarded().dispatcher);
    const { statusCode, body } = await request(server.url);
    await body.dump();
    const response = await fetch(server.url);
    await response.text();
    expect([statusCode, response.status, server.requests.length]).toEqual([200, 200, 4]);
  });
});

describe('bodies', () => {
  const post = (url: string, dispatcher: Dispatcher, body: unknown) =>
    request(url, { dispatcher, method: 'POST', body: body as never, policy: quick } as never);
  const form = () => {
    const data = new FormData();
    data.set('order', '7');
    data.set('file', new Blob(['content'], { type: 'text/plain' }), 'a.txt');
    return data;
  };

  test.each<[string, () => unknown, string | undefined]>([
    ['a string', () => 'text', 'text'],
    ['bytes', () => Buffer.from('text'), 'text'],
    ['a part of some memory', () => new Uint8Array(Buffer.from('__text__')).subarray(2, 6), 'text'],
    ['a Blob', () => new Blob(['text']), 'text'],
    ['a form', form, undefined],
    ['a list of pieces', () => [Buffer.from('te'), Buffer.from('xt')], 'text'],
    ['a generator', () => [Buffer.from('te'), Buffer.from('xt')].values(), 'text'],
  ])('%s goes again with the same bytes and the same content-type', async (_kind, make, text) => {
    await using server = await startFaultServer({ faults: [unavailable, lostAnswer] });
    const { dispatcher } = guarded();
    const response = await post(server.url, dispatcher, make());
    await response.body.dump();
    expect(response.statusCode).toBe(201);
    const [first, ...others] = server.requests.map(({ sha256, headers }) => ({
      sha256,
      type: headers['content-type'],
    }));
    expect(others).toEqual([first, first]);
    if (text !== undefined) expect(server.requests[0]?.body.toString()).toBe(text);
  });

  test('bytes that the caller changes during the call stay as they were', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { guard, dispatcher } = guarded();
    const bytes = Buffer.from('before');
    guard.on('retry', () => void bytes.write('after!'));
    await (await post(server.url, dispatcher, bytes)).body.dump();
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['before', 'before']);
  });

  test('a stream goes once; the report says that this is why no retry came', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { dispatcher } = guarded();
    const response = await post(server.url, dispatcher, Readable.from([Buffer.from('text')]));
    await response.body.dump();
    expect([response.statusCode, reportOf(response)?.stopped]).toEqual([503, 'body']);
  });

  test('a stream that was not touched goes again', async () => {
    await using server = await startFaultServer();
    const { guard, dispatcher } = guarded();
    await server.refuse();
    guard.on('retry', () => void server.listenAgain());
    const body = Readable.from([Buffer.from('text')]);
    const response = await request(server.url, {
      dispatcher,
      method: 'POST',
      body,
      policy: { retry: { attempts: 10, base: 20, cap: 40 }, budget: false },
    } as never);
    await response.body.dump();
    expect(response.statusCode).toBe(201);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['text']);
  });

  test('a stream that breaks ends the call with its own error, and the dependency is not blamed', async () => {
    await using server = await startFaultServer();
    const { guard, dispatcher } = guarded({ ...quick, breaker: { minimum: 1 } });
    const broken = new Error('disk on fire');
    async function* breaks() {
      yield Buffer.from('half');
      throw broken;
    }
    const error = await errorOf(post(server.url, dispatcher, Readable.from(breaks())));
    expect(error).toBe(broken);
    expect(callReport(error)).toMatchObject({ stopped: 'body', attempts: [{ reason: 'body' }] });
    expect(guard.breakers.get(server.url)?.state).toBe('closed');
  });
});

describe('time', () => {
  test('an attempt that stalls is cut off and another one is made', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'request', how: 'stall' }] });
    const { dispatcher } = guarded({ ...quick, timeout: { attempt: 100 } });
    const response = await request(server.url, { dispatcher });
    await response.body.dump();
    expect(reportOf(response)).toMatchObject({
      stopped: 'success',
      attempts: [{ reason: 'timeout', delivery: 'unknown' }, { status: 200 }],
    });
    await eventually(() => expect(server.openSockets).toBe(0));
  });

  test('the time of a body ends one that goes on for too long', async () => {
    await using server = await startFaultServer({
      faults: [{ kind: 'cut', at: 'body', how: 'stall', answer: { status: 200, bytes: 1_000 } }],
    });
    const { dispatcher } = guarded({ ...quick, timeout: { attempt: 50, body: 100 } });
    const { body } = await request(server.url, { dispatcher });
    const error = await errorOf(body.text());
    expect(error).toMatchObject({ code: 'ERR_STEADFETCH_TIMEOUT', phase: 'body' });
    expect(callReport(error)).toMatchObject({ stopped: 'success' });
  });

  test('without clocks of ours, undici’s own count', async () => {
    await using server = await startFaultServer({
      fault: () => ({ kind: 'cut', at: 'request', how: 'stall' }),
    });
    const { dispatcher } = guarded({ timeout: false, retry: false });
    const error = await errorOf(request(server.url, { dispatcher, headersTimeout: 100 }));
    expect(error).toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' });
  });

  test('a timeout that the caller gave undici counts beside ours', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'request', how: 'stall' }] });
    const { dispatcher } = guarded();
    const response = await request(server.url, { dispatcher, headersTimeout: 100 });
    await response.body.dump();
    expect(reportOf(response)?.attempts.map(({ error }) => error?.code)).toEqual([
      'UND_ERR_HEADERS_TIMEOUT',
      undefined,
    ]);
  });
});

describe('buffer', () => {
  test('a truncated body is retried, and the caller sees only the whole one', async () => {
    await using server = await startFaultServer({
      faults: [{ kind: 'cut', at: 'body', how: 'close', answer: { status: 200, bytes: 2_000 } }],
    });
    const { dispatcher } = guarded({ ...quick, buffer: 10_000 });
    const response = await request(server.url, { dispatcher });
    expect(await response.body.json()).toMatchObject({ ok: true });
    expect(reportOf(response)).toMatchObject({
      attempts: [{ status: 200, reason: 'network' }, { status: 200 }],
    });
  });

  test('a body beyond the limit streams on', async () => {
    await using server = await startFaultServer({
      faults: [{ kind: 'answer', status: 200, bytes: 500_000 }],
    });
    const { dispatcher } = guarded({ ...quick, buffer: 1_000 });
    const { body } = await request(server.url, { dispatcher });
    expect((await body.arrayBuffer()).byteLength).toBe(500_000);
  });
});

describe('breaker and budget', () => {
  test('an open breaker turns requests away without touching a socket, and its events say why', async () => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const { guard, dispatcher } = guarded({ retry: false, breaker: { minimum: 2 }, patience: 0 });
    const states: string[] = [];
    guard.on('breaker', ({ scope, to }) => states.push(`${scope} ${to}`));
    for (let i = 0; i < 2; i++) await (await request(server.url, { dispatcher })).body.dump();
    const error = await errorOf(request(server.url, { dispatcher }));
    expect(error).toMatchObject({ code: 'ERR_STEADFETCH_BREAKER_OPEN', scope: server.url });
    expect(callReport(error)).toMatchObject({ stopped: 'breaker', delivery: 'not-sent', attempts: [] });
    expect([states, server.requestsBegun]).toEqual([[`${server.url} open`], 2]);
  });

  test('an extended interceptor shares breakers and listeners, under rules of its own', async () => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const { guard } = guarded();
    const { dispatcher } = guarded();
    const settled: number[] = [];
    guard.on('settled', ({ attempts }) => settled.push(attempts.length));
    const once = usual.compose(guard.extend({ retry: false }));
    await (await request(server.url, { dispatcher: once })).body.dump();
    expect(settled).toEqual([1]);
    guard.breakers.isolate(server.url);
    expect(await errorOf(request(server.url, { dispatcher: once }))).toMatchObject({
      name: 'BreakerOpenError',
    });
    await (await request(server.url, { dispatcher })).body.dump();
  });

  test('a rule for an endpoint applies to it alone', async () => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const { dispatcher } = guarded({
      ...quick,
      // A young budget has two retries at once, and the rest for a call that takes its time.
      budget: false,
      endpoints: { [`GET ${server.url}/once/:id`]: { retry: false } },
    });
    const one = await request(`${server.url}/once/7?x=1`, { dispatcher });
    const four = await request(`${server.url}//once/7`, { dispatcher });
    await Promise.all([one.body.dump(), four.body.dump()]);
    expect(reportOf(one)).toMatchObject({ endpoint: `GET ${server.url}/once/:id`, attempts: [{}] });
    expect(reportOf(four)).toMatchObject({ endpoint: undefined, attempts: [{}, {}, {}, {}] });
  });
});

describe('where a request goes', () => {
  test('a scope function is shown the whole URL', async () => {
    await using server = await startFaultServer();
    const shown: string[] = [];
    const { dispatcher } = guarded({
      ...quick,
      breaker: {
        scope: ({ url }) => {
          shown.push(url.href);
          return 'mine';
        },
      },
    });
    await (await request(`${server.url}/a?b=c`, { dispatcher })).body.dump();
    await (await request(`${server.url}//a`, { dispatcher })).body.dump();
    expect(shown).toEqual([`${server.url}/a?b=c`, `${server.url}//a`]);
  });

  test.each(['http{s}?://127.0.0.1:*/*', '*://*:*/a'])(
    'a rule may leave its origin open: %s',
    async (endpoint) => {
      await using server = await startFaultServer({ faults: [unavailable] });
      const { dispatcher } = guarded({ ...quick, endpoints: { [endpoint]: { retry: false } } });
      const response = await request(`${server.url}/a`, { dispatcher });
      await response.body.dump();
      expect(reportOf(response)).toMatchObject({ endpoint, attempts: [{ status: 503 }] });
    },
  );

  test('however the origin is written, it is one scope', async () => {
    await using server = await startFaultServer();
    const { guard, dispatcher } = guarded();
    for (const origin of [server.url, new URL(server.url), server.url.replace('http', 'HTTP')]) {
      await (await dispatcher.request({ origin, path: '/', method: 'GET' })).body.dump();
    }
    expect(guard.breakers.get(server.url)).toMatchObject({ state: 'closed' });
    guard.breakers.isolate(server.url);
    const shouted = { origin: server.url.replace('http', 'HTTP'), path: '/', method: 'GET' } as const;
    expect(await errorOf(dispatcher.request(shouted))).toMatchObject({ scope: server.url });
  });

  test('to a proxy the path is the whole URL, and its origin the scope', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { guard, dispatcher } = guarded();
    const { body, context } = await dispatcher.request({
      origin: server.url,
      path: 'http://behind.test/there',
      method: 'GET',
    });
    await body.dump();
    expect(callReport(context)).toMatchObject({ url: 'http://behind.test/there', attempts: [{}, {}] });
    expect(guard.breakers.get('http://behind.test')).toBeDefined();
  });
});

describe('what it does not take', () => {
  test.each(['fetch', 'dispatcher'])('%s: it sends through what it is composed with', (name) => {
    const options = { [name]: name === 'fetch' ? fetch : usual };
    expect(() => resilience(options)).toThrow(
      expect.objectContaining({ code: 'ERR_STEADFETCH_POLICY', path: name }),
    );
    expect(() => resilience().extend(options)).toThrow(expect.objectContaining({ path: name }));
  });

  test('options with a mistake in them', () => {
    expect(() => resilience({ retry: { attempts: 0 } })).toThrow(/retry\.attempts/);
  });
});
