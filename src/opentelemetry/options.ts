import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { type Checks, fail, isFunction, isPlainObject, members, only } from '../options/checks.ts';
import type { AttemptSpans } from './spans.ts';

/** How calls are traced and measured. */
export interface InstrumentOptions {
  /** @default the global one of `@opentelemetry/api` */
  readonly tracerProvider?: TracerProvider;
  /** @default the global one of `@opentelemetry/api` */
  readonly meterProvider?: MeterProvider;
  /**
   * Whether each attempt gets a span of kind CLIENT under its call's. `'auto'`: unless something in this process, such as
   * undici's instrumentation, makes spans of its requests already. Then add `resendCount()` to the span processors, and
   * those spans carry `http.request.resend_count`, too.
   * @default 'auto'
   */
  readonly attemptSpans?: AttemptSpans;
}

const has =
  (method: string) =>
  (value: unknown): boolean =>
    typeof value === 'object' && value !== null && isFunction(Reflect.get(value, method));

const checks: Checks<InstrumentOptions> = {
  tracerProvider: only('a tracer provider', (value): value is TracerProvider => has('getTracer')(value)),
  meterProvider: only('a meter provider', (value): value is MeterProvider => has('getMeter')(value)),
  attemptSpans: only(
    '"auto", true or false',
    (value): value is 'auto' | boolean => value === 'auto' || typeof value === 'boolean',
  ),
};

/** @throws {PolicyError} One of them is wrong. */
export function checkInstrumentOptions(options: unknown): Partial<InstrumentOptions> {
  if (!isPlainObject(options)) return fail('options', 'a plain object', options);
  return members(options, '', '', checks, []);
}
