/**
 * Spans and metrics for OpenTelemetry.
 *
 * @module steadfetch/opentelemetry
 */

import { metrics as globalMetrics, trace as globalTrace } from '@opentelemetry/api';
import { everyScope } from '../call/clients.ts';
import { processInstrumentations } from '../call/instrumentations.ts';
import type { SteadFetch } from '../model/client.ts';
import { INSTRUMENT, type Instrumentation } from '../model/instrumentation.ts';
import { type AddInstrumentation, instrumentsOf } from './instruments.ts';
import { type Listen, listenTo, listenToProcess } from './listen.ts';
import { metrics } from './metrics.ts';
import { checkInstrumentOptions, type InstrumentOptions } from './options.ts';
import { spans } from './spans.ts';

export type { InstrumentOptions } from './options.ts';
export { type AttemptSpans, type ResendCount, resendCount } from './spans.ts';

/** A client that can be watched: what `createFetch` or `resilience` gave. */
export type Watchable = Pick<SteadFetch, 'on' | 'scopes' | typeof INSTRUMENT>;

/** Spans, or metrics. */
interface Part {
  readonly instrumentation: Instrumentation;
  watch(listen: Listen): (() => void)[];
}

/**
 * Traces and measures the calls of one client, or of every client in this process. Names, units and attributes:
 * docs/telemetry.md.
 *
 * @param client one client; left out: all of this process, those that are made later, too
 * @returns the function that ends it
 * @throws {PolicyError} An option is wrong; the message names it and says what is allowed.
 * @example
 * import { instrument } from 'steadfetch/opentelemetry';
 * instrument(); // after the SDK was started
 */
export function instrument(client?: Watchable, options: InstrumentOptions = {}): () => void {
  const { tracerProvider, meterProvider, attemptSpans = 'auto' } = checkInstrumentOptions(options);
  const tracer = (tracerProvider ?? globalTrace.getTracerProvider()).getTracer('steadfetch');
  const instruments = instrumentsOf(meterProvider ?? globalMetrics.getMeterProvider());
  const listen = client === undefined ? listenToProcess : listenTo(client);
  const add = client === undefined ? addToProcess : client[INSTRUMENT];
  const begin = ({ instrumentation, watch }: Part) => [add(instrumentation), ...watch(listen)];
  const measure = () =>
    inOne([...begin(metrics(instruments)), instruments.gauges.watch(client?.scopes ?? everyScope)]);
  // The last one is the outermost, so that durations are measured within the call's span.
  return inOne([instruments.users.use(add, measure), ...begin(spans(tracer, attemptSpans))]);
}

function inOne(ends: readonly (() => void)[]): () => void {
  return () => {
    for (const end of ends) end();
  };
}

const addToProcess: AddInstrumentation = (instrumentation) => {
  const all = processInstrumentations();
  all.add(instrumentation);
  return () => all.delete(instrumentation);
};
