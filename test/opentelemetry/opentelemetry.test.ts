import { context, metrics as metricsApi, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { callReport, createFetch, PolicyError } from '../../src/index.ts';
import { instrument, resendCount } from '../../src/opentelemetry/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import { startHeldServer } from '../support/held-server.ts';
import { type MeterInMemory, meterInMemory } from './memory.ts';

const spanExporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [resendCount() as never, new SimpleSpanProcessor(spanExporter)],
});
const unavailable = { kind: 'answer', status: 503 } as const;
const quick = { retry: { base: 1, cap: 1 } };

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => {
  context.disable();
  trace.disable();
  metricsApi.disable();
});
beforeEach(() => spanExporter.reset());

const spans = (): ReadableSpan[] => spanExporter.getFinishedSpans();
const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;

/** What makes no URL of a URL. */
const hiddenPath = ({ pathname }: { pathname: string }) => `hidden ${pathname}`;

/** A meter provider of the test's own. */
function meters(): MeterInMemory {
  const meter = meterInMemory();
  onTestFinished(() => meter.meterProvider.shutdown());
  return meter;
}

describe('spans', () => {
  test.each(['client', 'process'])(
    'of a call, instrumented by its %s: one INTERNAL span, with a CLIENT span for each attempt under it',
    async (whose) => {
      await using server = await startFaultServer({ faults: [unavailable] });
      const api = createFetch({ ...quick, endpoints: { [`${server.url}/items/:id`]: {} } });
      const off = instrument(whose === 'client' ? api : undefined, { tracerProvider });
      onTestFinished(off);
      const outer = tracerProvider.getTracer('test').startSpan('outer');
      const response = await context.with(trace.setSpan(context.active(), outer), () =>
        api(`${server.url}/items/7?secret=1`),
      );
      outer.end();

      const [first, second, call] = spans();
      expect(spans()).toHaveLength(4);
      expect(call).toMatchObject({ name: 'GET /items/:id', kind: SpanKind.INTERNAL });
      expect(parentOf(call as ReadableSpan)).toBe(outer.spanContext().spanId);
      for (const attempt of [first, second]) {
        expect(attempt).toMatchObject({ name: 'GET /items/:id', kind: SpanKind.CLIENT });
        expect(parentOf(attempt as ReadableSpan)).toBe(call?.spanContext().spanId);
      }
      expect(first?.attributes).toMatchObject({ 'http.response.status_code': 503, 'error.type': '503' });
      expect(first?.attributes).not.toHaveProperty('http.request.resend_count');
      expect(first?.status.code).toBe(SpanStatusCode.ERROR);
      expect(second?.attributes).toMatchObject({
        'http.request.resend_count': 1,
        'http.response.status_code': 200,
      });
      expect(second?.attributes).not.toHaveProperty('error.type');
      expect(call?.attributes).toMatchObject({
        'http.request.method': 'GET',
        'url.full': `${server.url}/items/:id`,
        'url.template': `${server.url}/items/:id`,
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(server.url).port),
        'steadfetch.call.id': callReport(response)?.id,
        'steadfetch.scope': server.url,
        'steadfetch.stopped': 'success',
        'steadfetch.delivery': 'answered',
        'steadfetch.attempts': 2,
      });
      expect(call?.events.map(({ name }) => name)).toEqual(['steadfetch.pause']);
      expect(JSON.stringify(spans().map(({ attributes, events }) => ({ attributes, events })))).not.toContain(
        'secret',
      );
    },
  );

  test.each([
    ['the hedge', 2],
    ['the first attempt', 1],
  ])('of an attempt that was overtaken are no errors: %s wins', async (_name, winner) => {
    await using server = await startHeldServer();
    const api = createFetch({ hedge: { after: 20, ratio: 1 } });
    const policy = { hedge: { after: 10_000 } };
    for (let i = 0; i < 5; i++) await (await api(`${server.url}/quick`, { policy })).text();
    const { meterProvider, points } = meters();
    onTestFinished(instrument(api, { tracerProvider, meterProvider }));
    const call = api(`${server.url}/items`);
    await server.request(2);
    (await server.request(winner)).answer(404);
    await (await call).text();

    await expect.poll(() => spans().length).toBe(3);
    const reasonOf = ({ attributes }: ReadableSpan) => attributes['steadfetch.reason'];
    const lost = spans().find((span) => reasonOf(span) === 'lost');
    expect(lost?.status.code).toBe(SpanStatusCode.UNSET);
    expect(lost?.attributes).not.toHaveProperty('error.type');
    const whole = spans().find(({ kind }) => kind === SpanKind.INTERNAL);
    expect(whole?.attributes).toMatchObject({ 'steadfetch.attempts': 2, 'error.type': '404' });
    const counted = await points('steadfetch.attempts');
    const ofLost = counted.find(({ attributes }) => attributes['steadfetch.reason'] === 'lost');
    expect(ofLost?.attributes).not.toHaveProperty('error.type');
  });

  test('of a call that failed say why, and what the breaker did meanwhile', async () => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const api = createFetch({ ...quick, breaker: { minimum: 2, threshold: 0.1 }, patience: 0 } as never);
    onTestFinished(instrument(api, { tracerProvider }));
    const response = await api(server.url);
    const call = spans().at(-1);
    const stopped = callReport(response)?.stopped;
    expect(call?.status).toEqual({ code: SpanStatusCode.ERROR, message: stopped });
    expect(call?.attributes).toMatchObject({ 'error.type': '503', 'steadfetch.stopped': stopped });
    const breaker = call?.events.find(({ name }) => name === 'steadfetch.breaker');
    expect(breaker?.attributes).toMatchObject({ 'steadfetch.from': 'closed', 'steadfetch.to': 'open' });
  });

  test('of attempts are undici’s, where its instrumentation makes them: children of the call, with their resend count', async () => {
    const undici = new UndiciInstrumentation();
    undici.setTracerProvider(tracerProvider);
    undici.enable();
    onTestFinished(() => undici.disable());
    await using server = await startFaultServer({ faults: [unavailable] });
    const api = createFetch(quick);
    onTestFinished(instrument(api, { tracerProvider }));
    await (await api(server.url)).text();
    const call = spans().find(({ kind }) => kind === SpanKind.INTERNAL);
    const attempts = spans().filter(({ kind }) => kind === SpanKind.CLIENT);
    expect(attempts.map((span) => parentOf(span))).toEqual([
      call?.spanContext().spanId,
      call?.spanContext().spanId,
    ]);
    expect(attempts.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([undefined, 1]);
    expect(attempts.map(({ instrumentationScope }) => instrumentationScope.name)).toEqual([
      '@opentelemetry/instrumentation-undici',
      '@opentelemetry/instrumentation-undici',
    ]);
  });
});

describe('metrics', () => {
  test('count calls, attempts, retries and what was turned away, and measure how long they took', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { meterProvider, points, read } = meters();
    const api = createFetch(quick);
    onTestFinished(instrument(api, { meterProvider, tracerProvider }));
    await api(server.url);
    api.breakers.isolate(server.url);
    await api(server.url, { policy: { timeout: { total: 100, attempt: 100 } } }).catch(() => {});

    const ours = {
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'steadfetch.scope': server.url,
    };
    const [good] = (await points('steadfetch.calls')).filter(
      ({ attributes }) => attributes['steadfetch.stopped'] === 'success',
    );
    expect(good).toMatchObject({ value: 1, attributes: { ...ours, 'steadfetch.delivery': 'answered' } });
    const [bad] = (await points('steadfetch.calls')).filter(
      ({ attributes }) => attributes['steadfetch.stopped'] !== 'success',
    );
    expect(bad).toMatchObject({ value: 1, attributes: { ...ours, 'steadfetch.delivery': 'not-sent' } });
    expect(
      (await points('steadfetch.attempts')).map(({ value, attributes }) => [
        attributes['steadfetch.reason'],
        value,
      ]),
    ).toEqual([
      ['status', 1],
      ['success', 1],
    ]);
    expect(await points('steadfetch.retries')).toMatchObject([
      { value: 1, attributes: { ...ours, 'steadfetch.reason': 'status' } },
    ]);
    expect((await points('steadfetch.rejected'))[0]).toMatchObject({
      attributes: { ...ours, 'steadfetch.guard': 'breaker' },
    });
    expect((await points('steadfetch.call.active')).map(({ value }) => value)).toEqual([0]);
    expect((await points('steadfetch.call.duration')).map(({ value }) => value.count)).toEqual([1, 1]);
    expect((await points('steadfetch.attempt.duration')).map(({ value }) => value.count)).toEqual([1, 1]);
    const states = async () =>
      Object.fromEntries(
        (await points('steadfetch.breaker.state')).map(({ attributes, value }) => {
          expect(attributes['steadfetch.scope']).toBe(server.url);
          return [attributes['steadfetch.state'], value];
        }),
      );
    expect(await states()).toEqual({ closed: 0, open: 0, 'half-open': 0, isolated: 1 });
    api.breakers.restore(server.url);
    expect(await states()).toEqual({ closed: 1, open: 0, 'half-open': 0, isolated: 0 });
    const units = (await read()).map(({ descriptor }) => [descriptor.name, descriptor.unit]);
    expect(units).toContainEqual(['steadfetch.call.duration', 's']);
    expect(JSON.stringify(await read())).not.toMatch(/"url\.full"|"url\.path"/);
  });

  test('of a client say what its scopes hold, when they are read: retries left, attempts under way, calls that wait', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'slow', at: 'request', ms: 50 }] });
    const { meterProvider, points } = meters();
    const api = createFetch(quick);
    const off = instrument(api, { meterProvider, tracerProvider });
    const attributes = { 'steadfetch.scope': server.url };
    const call = api(server.url);
    expect(await points('steadfetch.attempt.active')).toMatchObject([{ value: 1, attributes }]);
    await call;
    expect(await points('steadfetch.attempt.active')).toMatchObject([{ value: 0, attributes }]);
    expect(await points('steadfetch.call.waiting')).toMatchObject([{ value: 0, attributes }]);
    const budget = api.scopes()[0]?.budget;
    expect(budget).toBeGreaterThan(0);
    expect(await points('steadfetch.budget.level')).toMatchObject([{ value: budget, attributes }]);
    off();
    await api(server.url);
    expect(api.scopes()[0]?.budget).not.toBe(budget);
    expect((await points('steadfetch.budget.level')).map(({ value }) => value)).toEqual([budget]);
  });

  test('tell of a limit, and of who waits under it', async () => {
    const { meterProvider, points } = meters();
    const answers: ((response: Response) => void)[] = [];
    const fetch = () => new Promise<Response>((resolve) => answers.push(resolve));
    const api = createFetch({ fetch, limit: { concurrency: 2 } });
    onTestFinished(instrument(api, { meterProvider, tracerProvider }));
    const calls = [1, 2, 3].map(() => api('http://127.0.0.1/limited'));
    const attributes = { 'steadfetch.scope': 'http://127.0.0.1' };
    expect(await points('steadfetch.attempt.limit')).toMatchObject([{ value: 2, attributes }]);
    expect(await points('steadfetch.call.queued')).toMatchObject([{ value: 1, attributes }]);
    expect(await points('steadfetch.call.waiting')).toMatchObject([{ value: 1, attributes }]);
    for (const call of calls) {
      answers.shift()?.(new Response());
      await call;
    }
    expect(await points('steadfetch.call.queued')).toMatchObject([{ value: 0, attributes }]);
  });

  test('of a quota tell what the server has left, the least that any client knows', async () => {
    const { meterProvider, points } = meters();
    const clients = [7, 3].map((left) => {
      const headers = {
        'x-ratelimit-limit': '10',
        'x-ratelimit-remaining': `${left}`,
        'x-ratelimit-reset': '60',
      };
      const fetch = async () => new Response(null, { headers });
      return createFetch({ fetch, quota: true });
    });
    onTestFinished(instrument(undefined, { meterProvider, tracerProvider }));
    for (const api of clients) await api('http://127.0.0.1/told');
    const attributes = { 'steadfetch.scope': 'http://127.0.0.1', 'steadfetch.quota': 'x-ratelimit' };
    expect(await points('steadfetch.quota.remaining')).toMatchObject([{ value: 3, attributes }]);
    expect(await points('steadfetch.quota.limit')).toMatchObject([{ value: 10, attributes }]);
  });

  test('of the process tell of every client that there is, closed breakers too', async () => {
    await using server = await startFaultServer();
    const { meterProvider, points } = meters();
    onTestFinished(instrument(undefined, { meterProvider, tracerProvider }));
    const clients = [createFetch(quick), createFetch(quick)];
    for (const api of clients) await (await api(server.url)).text();
    clients[0]?.breakers.isolate(server.url);
    const ofServer = async (name: string) =>
      (await points(name)).filter(({ attributes }) => attributes['steadfetch.scope'] === server.url);
    expect(
      (await ofServer('steadfetch.breaker.state')).map(({ attributes, value }) => [
        attributes['steadfetch.state'],
        value,
      ]),
    ).toEqual([
      ['closed', 1],
      ['open', 0],
      ['half-open', 0],
      ['isolated', 1],
    ]);
    expect(await ofServer('steadfetch.attempt.active')).toMatchObject([{ value: 0 }]);
    expect((await ofServer('steadfetch.budget.level'))[0]?.value).toBeGreaterThan(0);
  });

  test('work with URLs that `redact` made unreadable, and with methods that nobody has heard of', async () => {
    const { meterProvider, points } = meters();
    const api = createFetch({ fetch: async () => new Response(), redact: () => 'hidden' });
    onTestFinished(instrument(api, { meterProvider, tracerProvider }));
    await api('http://127.0.0.1:1/secret', { method: 'FROB' });
    const [point] = await points('steadfetch.calls');
    expect(point?.attributes).toMatchObject({ 'http.request.method': '_OTHER' });
    expect(point?.attributes).not.toHaveProperty('server.address');
    expect(spans().at(-1)).toMatchObject({ name: 'HTTP' });
    expect(spans().at(-1)?.attributes).toMatchObject({
      'http.request.method': 'FROB',
      'url.full': 'hidden',
    });
  });

  test('of clients that were instrumented one by one are added up, though they call the same service', async () => {
    const { meterProvider, points } = meters();
    const fetch = async () => new Response();
    const clients = [createFetch({ fetch }), createFetch({ fetch })];
    for (const client of clients) onTestFinished(instrument(client, { meterProvider, tracerProvider }));
    for (const client of [clients[0], ...clients]) await client?.('http://service.test/');
    expect(await points('steadfetch.calls')).toMatchObject([{ value: 3 }]);
    const levels = clients.map((client) => client.scopes()[0]?.budget ?? 0);
    expect(await points('steadfetch.budget.level')).toMatchObject([
      { value: levels.reduce((sum, level) => sum + level) },
    ]);
    expect(await points('steadfetch.breaker.state')).toMatchObject([
      { value: 2 },
      ...Array(3).fill({ value: 0 }),
    ]);
  });

  test.each([
    ['of two rules with one path', { fetch: async () => new Response() }],
    ['of URLs that are no longer any', { fetch: async () => new Response(), redact: hiddenPath }],
  ])('%s are added up: nothing else tells them apart', async (_which, options) => {
    const { meterProvider, points } = meters();
    const api = createFetch({ ...options, breaker: { scope: () => 'one' } });
    onTestFinished(instrument(api, { meterProvider, tracerProvider }));
    const rules = ['GET http://service.test/:id', 'http://service.test/:id'];
    for (const rule of rules)
      await api.extend({ endpoints: { [rule]: {} } })(`http://service.test/${rule.length}`);
    expect(await points('steadfetch.calls')).toMatchObject([{ value: 2 }]);
    expect(await points('steadfetch.attempts')).toMatchObject([{ value: 2 }]);
  });

  test('go on where they were when a client is instrumented again: a counter never goes down', async () => {
    const { meterProvider, points } = meters();
    const api = createFetch({ fetch: async () => new Response() });
    for (const calls of [1, 2]) {
      const off = instrument(api, { meterProvider, tracerProvider });
      await api('http://service.test/');
      expect(await points('steadfetch.calls')).toMatchObject([{ value: calls }]);
      off();
    }
    await api('http://service.test/');
    expect(await points('steadfetch.calls')).toMatchObject([{ value: 2 }]);
  });

  test('count a client once that was instrumented twice, by itself and by its extension, until both are off', async () => {
    const { meterProvider, points } = meters();
    const api = createFetch({ fetch: async () => new Response() });
    const offs = [api, api.extend({})].map((client) => instrument(client, { meterProvider, tracerProvider }));
    for (const off of offs) {
      await api('http://service.test/');
      off();
      off();
    }
    await api('http://service.test/');
    expect(await points('steadfetch.calls')).toMatchObject([{ value: 2 }]);
  });

  test('say that a scope which is gone has no open breaker any more', async () => {
    const { meterProvider, points } = meters();
    const api = createFetch({ fetch: async () => new Response() });
    onTestFinished(instrument(api, { meterProvider, tracerProvider }));
    await api('http://service.test/');
    api.breakers.isolate('http://service.test');
    const states = async () => (await points('steadfetch.breaker.state')).map(({ value }) => value);
    expect(await states()).toEqual([0, 0, 0, 1]);
    api.reset();
    expect(await states()).toEqual([0, 0, 0, 0]);
  });

  test('have a bounded number of scopes, however many a scope function names', async () => {
    const { meterProvider, points } = meters();
    const api = createFetch({
      fetch: async () => new Response(),
      breaker: { scope: ({ url }) => `tenant ${url.pathname}` },
    });
    onTestFinished(instrument(api, { meterProvider, tracerProvider }));
    for (let tenant = 0; tenant < 500; tenant++) await api(`http://127.0.0.1/${tenant}`);
    const scopes = new Set(
      (await points('steadfetch.calls')).map(({ attributes }) => attributes['steadfetch.scope']),
    );
    expect(scopes.size).toBeLessThanOrEqual(201);
    expect(scopes).toContain('other');
  });
});

test('what was taken off sees nothing more', async () => {
  await using server = await startFaultServer();
  const api = createFetch();
  const off = instrument(api, { tracerProvider });
  off();
  await api(server.url);
  expect(spans()).toEqual([]);
});

test.each([
  [{ tracerprovider: tracerProvider }, 'tracerprovider is not an option; did you mean tracerProvider?'],
  [{ attemptSpans: 'always' }, 'attemptSpans must be "auto", true or false, got "always"'],
  [{ meterProvider: {} }, 'meterProvider must be a meter provider, got an object'],
  ['all', 'options must be a plain object, got "all"'],
])('refuses %o', (options, message) => {
  expect(() => instrument(undefined, options as never)).toThrow(PolicyError);
  expect(() => instrument(undefined, options as never)).toThrow(message);
});
