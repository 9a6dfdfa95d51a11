import { context, SpanKind } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countCalls } from '../../docs/examples/telemetry/prometheus.ts';
import { createFetch, type Events, eventNames } from '../../src/index.ts';
import { instrument } from '../../src/opentelemetry/index.ts';
import { eventfulClient, liveThrough, startEventfulService } from '../support/eventful-life.ts';
import { meterInMemory, type Point } from './memory.ts';

type Heard = { readonly [Name in keyof Events]: Events[Name][] };

let heard: Heard;
/** A rule with a budget of its own is a scope of its own. */
let poor: string;
let spans: ReadableSpan[];
let points: (name: string) => Point[];
let text: string;

// One life, looked at from every side. The page's side of it is test/site/watch.test.ts.
beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  const meter = meterInMemory();
  const register = new Registry();

  await using service = await startEventfulService();
  poor = `${service.url}/poor`;
  const api = eventfulClient(createFetch, service);
  const lists = Object.fromEntries(eventNames.map((name) => [name, []])) as unknown as Heard;
  for (const name of eventNames) api.on(name, (event) => void (lists[name] as unknown[]).push(event));
  instrument(api, { tracerProvider, meterProvider: meter.meterProvider });
  countCalls(api, register);
  await liveThrough(api, service);

  heard = lists;
  spans = spanExporter.getFinishedSpans();
  const metrics = await meter.read();
  points = (name) =>
    (metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []) as unknown as Point[];
  text = await register.metrics();
  await meter.meterProvider.shutdown();
});
afterAll(() => context.disable());

const settled = (scope: string) => heard.settled.filter((call) => call.scope === scope);
const value = (name: string, wanted: Record<string, unknown>) =>
  points(name)
    .filter(({ attributes }) => Object.entries(wanted).every(([key, one]) => attributes[key] === one))
    .map((point) => point.value);
/** The spans of the first call of a scope: the call's own, and its attempts'. */
function spansOf(scope: string) {
  const call = spans.find(
    ({ kind, attributes }) => kind === SpanKind.INTERNAL && attributes['steadfetch.scope'] === scope,
  );
  const attempts = spans.filter(
    ({ parentSpanContext }) => parentSpanContext?.spanId === call?.spanContext().spanId,
  );
  return { call, attempts };
}

describe('in the events', () => {
  test('each call ends as it did', () => {
    expect(settled('good')).toMatchObject([{ stopped: 'success', delivery: 'answered', attempts: [{}] }]);
    expect(settled('flaky')).toMatchObject([
      { stopped: 'success', attempts: [{ status: 503 }, { status: 200 }] },
    ]);
    expect(settled('down').slice(0, 2)).toMatchObject([
      { stopped: 'breaker', delivery: 'answered' },
      { stopped: 'breaker', delivery: 'not-sent', attempts: [] },
    ]);
    expect(settled('down').at(-1)).toMatchObject({ stopped: 'success' });
    expect(settled(poor)).toMatchObject([{ stopped: 'budget', attempts: [{ status: 503 }] }]);
    expect(settled('dies')).toMatchObject([{ stopped: 'success' }]);
    expect(settled('hangs')).toMatchObject([{ stopped: 'aborted', delivery: 'unknown' }]);
  });

  test('the breaker opens, probes and closes', () => {
    const steps = heard.breaker.map(({ scope, from, to }) => [scope, from, to]);
    expect(steps).toEqual([
      ['down', 'closed', 'open'],
      ['down', 'open', 'half-open'],
      ['down', 'half-open', 'closed'],
    ]);
    expect(heard.breaker[0]?.cause).toMatchObject({ reasons: { status: 2 }, last: { status: 500 } });
  });

  test('who was turned away, and which body died, is told', () => {
    expect(heard.rejected.filter(({ by }) => by === 'budget')).toMatchObject([{ scope: poor, number: 2 }]);
    expect(heard.rejected).toContainEqual(
      expect.objectContaining({ scope: 'down', by: 'breaker', number: 1 }),
    );
    expect(heard.body.filter(({ end }) => end !== 'ended')).toMatchObject([
      { scope: 'dies', end: 'network' },
    ]);
  });
});

describe('in OpenTelemetry', () => {
  test('a retried call has its attempts under it, the second with a resend count', () => {
    const { call, attempts } = spansOf('flaky');
    expect(call?.attributes).toMatchObject({ 'steadfetch.attempts': 2, 'steadfetch.stopped': 'success' });
    expect(attempts.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([undefined, 1]);
    expect(attempts.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([503, 200]);
    expect(call?.events.map(({ name }) => name)).toEqual(['steadfetch.pause']);
  });

  test('the call that opened the breaker says so', () => {
    const { call, attempts } = spansOf('down');
    expect(attempts).toHaveLength(2);
    expect(call?.events.map(({ name }) => name)).toEqual([
      'steadfetch.pause',
      'steadfetch.breaker',
      'steadfetch.rejected',
    ]);
    expect(call?.attributes).toMatchObject({ 'steadfetch.stopped': 'breaker', 'error.type': '500' });
  });

  test.each([
    ['good', 1, {}],
    ['/poor', 1, { 'steadfetch.stopped': 'budget', 'error.type': '503' }],
    [
      'hangs',
      1,
      { 'steadfetch.stopped': 'aborted', 'steadfetch.delivery': 'unknown', 'error.type': 'AbortError' },
    ],
  ])('the span of %s', (scope, count, attributes) => {
    const { call, attempts } = spansOf(scope === '/poor' ? poor : scope);
    expect(attempts).toHaveLength(count);
    expect(call?.attributes).toMatchObject(attributes);
  });

  test('every call and attempt is counted', () => {
    const of = (scope: string) => ({ 'steadfetch.scope': scope });
    expect(value('steadfetch.calls', { ...of('good'), 'steadfetch.stopped': 'success' })).toEqual([1]);
    expect(value('steadfetch.calls', { ...of(poor), 'steadfetch.stopped': 'budget' })).toEqual([1]);
    expect(value('steadfetch.calls', { ...of('hangs'), 'steadfetch.delivery': 'unknown' })).toEqual([1]);
    expect(value('steadfetch.attempts', { ...of('flaky'), 'steadfetch.reason': 'status' })).toEqual([1]);
    expect(value('steadfetch.retries', { ...of('flaky') })).toEqual([1]);
    expect(value('steadfetch.rejected', { ...of(poor), 'steadfetch.guard': 'budget' })).toEqual([1]);
    expect(value('steadfetch.bodies', { ...of('dies'), 'steadfetch.end': 'network' })).toEqual([1]);
    expect(value('steadfetch.breaker.transitions', of('down'))).toEqual([1, 1, 1]);
    expect(value('steadfetch.breaker.state', { ...of('down'), 'steadfetch.state': 'closed' })).toEqual([1]);
    expect(value('steadfetch.breaker.state', { ...of('down'), 'steadfetch.state': 'open' })).toEqual([0]);
    expect(value('steadfetch.budget.level', of(poor))).toEqual([0]);
    expect(value('steadfetch.quota.remaining', of('good'))).toEqual([99]);
    expect(points('steadfetch.call.active').every((point) => point.value === 0)).toBe(true);
    const measured = points('steadfetch.call.duration').reduce((sum, point) => sum + point.value.count, 0);
    expect(measured).toBe(heard.settled.length);
  });
});

describe('in the text for Prometheus', () => {
  test.each([
    'steadfetch_calls_total{scope="good",stopped="success",delivery="answered"} 1',
    'steadfetch_quota_remaining{scope="good",quota="x-ratelimit"} 99',
    'steadfetch_retries_total{scope="flaky",reason="status"} 1',
    'steadfetch_calls_total{scope="down",stopped="breaker",delivery="answered"} 1',
    'steadfetch_breaker_open{scope="down"} 0',
    'steadfetch_rejected_total{scope="POOR",by="budget"} 1',
    'steadfetch_calls_total{scope="POOR",stopped="budget",delivery="answered"} 1',
    'steadfetch_bodies_total{scope="dies",end="network"} 1',
    'steadfetch_calls_total{scope="hangs",stopped="aborted",delivery="unknown"} 1',
  ])('%s', (line) => {
    expect(text.split('\n')).toContain(line.replace('POOR', poor));
  });
});
