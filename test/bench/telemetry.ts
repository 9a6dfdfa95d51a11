import { context, SpanKind, trace } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { Emitter } from '../../src/call/emitter.ts';
import { Instrumentations } from '../../src/call/instrumentations.ts';
import type { Send } from './row.ts';

/** Without a reader a meter records nothing. This one reads when it is asked to, which is never. */
class UnreadReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** An SDK whose spans are made and thrown away: what an exporter costs is the exporter's. */
export const sdk = () => ({
  tracerProvider: new BasicTracerProvider(),
  meterProvider: new MeterProvider({ readers: [new UnreadReader()] }),
});

/** What the SDK's own part is: the spans and durations of a call that goes well, made by hand. */
export function bySdkAlone(send: Send): Send {
  const { tracerProvider, meterProvider } = sdk();
  const tracer = tracerProvider.getTracer('bench');
  const meter = meterProvider.getMeter('bench');
  const callDuration = meter.createHistogram('call');
  const attemptDuration = meter.createHistogram('attempt');
  const place = { 'http.request.method': 'GET', 'server.address': '127.0.0.1', 'server.port': 80 };
  const stopped = { ...place, 'steadfetch.stopped': 'success' };
  const status = { ...place, 'http.response.status_code': 200 };
  const start = { ...place, 'url.full': 'http://127.0.0.1/', 'steadfetch.scope': 'http://127.0.0.1' };
  let calls = 0;
  return async (call) => {
    const id = `call ${calls++}`;
    const attributes = { ...start, 'steadfetch.call.id': id };
    const outer = tracer.startSpan('GET', { kind: SpanKind.INTERNAL, attributes });
    const within = trace.setSpan(context.active(), outer);
    const inner = tracer.startSpan('GET', { kind: SpanKind.CLIENT, attributes }, within);
    const answer = await send(call);
    inner.setAttributes({ 'http.response.status_code': 200, 'steadfetch.reason': 'success' });
    inner.end();
    attemptDuration.record(0.01, status);
    outer.setAttributes({ 'steadfetch.stopped': 'success', 'steadfetch.delivery': 'answered' });
    outer.setAttribute('steadfetch.attempts', 1);
    outer.end();
    callDuration.record(0.01, stopped);
    return answer;
  };
}

/** What a call asks when nobody listens takes too little to be measured once. */
export const TIMES = 100;

/** All that a call that goes well asks of who listens, so many times more. */
export function askedOften(send: Send): Send {
  const asked = Array.from({ length: TIMES }, () => ({
    emitter: new Emitter(),
    instrumentations: new Instrumentations(),
  }));
  const isHeard = ({ emitter, instrumentations }: (typeof asked)[number]) =>
    !instrumentations.isCallPlain ||
    !instrumentations.isEmpty ||
    emitter.has('attempt-start') ||
    emitter.has('attempt') ||
    emitter.has('settled') ||
    emitter.has('body');
  return (call) => {
    if (asked.some(isHeard)) throw new Error('nobody was to listen');
    return send(call);
  };
}
