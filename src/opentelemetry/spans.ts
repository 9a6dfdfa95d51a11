import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Instrumentation } from '../model/instrumentation.ts';
import { channel } from '../platform/diagnostics.ts';
import { attemptAttributes, callSpanAttributes, outcomeAttributes, resendAttributes } from './attributes.ts';
import type { Listen } from './listen.ts';

/** Whether each attempt gets a span of ours: `'auto'` if nothing else watches undici's requests. */
export type AttemptSpans = 'auto' | boolean;

const ATTEMPT = createContextKey('steadfetch: number of the attempt');

/** undici's instrumentation listens here, and makes a span of each request. */
const requests = channel('undici:request:create');

/** A span for each call and, under it, one for each attempt; pauses and changes of the breaker are events of the call's. */
export function spans(
  tracer: Tracer,
  attemptSpans: AttemptSpans,
): { instrumentation: Instrumentation; watch(listen: Listen): (() => void)[] } {
  const underWay = new Map<string, { readonly span: Span; readonly scope: string | undefined }>();

  const instrumentation: Instrumentation = {
    call(call, run, report) {
      const { id, scope } = call;
      const span = tracer.startSpan(nameOf(call), {
        kind: SpanKind.INTERNAL,
        attributes: callSpanAttributes(call),
      });
      underWay.set(id, { span, scope });
      return context.with(trace.setSpan(context.active(), span), run).finally(() => {
        underWay.delete(id);
        const told = report();
        span.setAttributes({ ...outcomeAttributes(told), 'steadfetch.attempts': told.attempts.length });
        if (told.stopped !== 'success') span.setStatus({ code: SpanStatusCode.ERROR, message: told.stopped });
        span.end();
      });
    },

    async attempt(start, run, report) {
      const active = context.active().setValue(ATTEMPT, start.number);
      const isOurs = attemptSpans === 'auto' ? !requests.hasSubscribers : attemptSpans;
      if (!isOurs) return context.with(active, run);
      const attributes = { ...callSpanAttributes(start), ...resendAttributes(start.number) };
      const span = tracer.startSpan(nameOf(start), { kind: SpanKind.CLIENT, attributes }, active);
      const result = await context.with(trace.setSpan(active, span), run);
      const attempt = report(result);
      span.setAttributes(attemptAttributes(attempt));
      if (attempt.reason !== 'success') span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      return result;
    },
  };

  /** Events that do not say so themselves when they happen. */
  function watch(listen: Listen): (() => void)[] {
    return [
      listen('retry', ({ id, number, delay, reason }) => {
        underWay.get(id)?.span.addEvent('steadfetch.pause', {
          'steadfetch.attempt': number,
          'steadfetch.delay': delay,
          'steadfetch.reason': reason,
        });
      }),
      listen('rejected', ({ id, by, number }) => {
        underWay
          .get(id)
          ?.span.addEvent('steadfetch.rejected', { 'steadfetch.guard': by, 'steadfetch.attempt': number });
      }),
      listen('breaker', ({ scope, from, to, reason }) => {
        const attributes: Attributes = {
          'steadfetch.from': from,
          'steadfetch.to': to,
          'steadfetch.reason': reason,
        };
        for (const call of underWay.values()) {
          if (call.scope === scope) call.span.addEvent('steadfetch.breaker', attributes);
        }
      }),
    ];
  }

  return { instrumentation, watch };
}

function nameOf({
  method,
  endpoint,
}: {
  readonly method: string;
  readonly endpoint: string | undefined;
}): string {
  const path = endpoint === undefined ? undefined : /:\/\/[^/]*(\/.*)$/.exec(endpoint)?.[1];
  return path === undefined ? method : `${method} ${path}`;
}

/** What OpenTelemetry's SDK calls a span processor. */
export interface ResendCount {
  onStart(span: Span, parent: Context): void;
  onEnd(): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * A span processor that writes `http.request.resend_count` on spans which others make of our attempts, such as undici's
 * instrumentation.
 *
 * @example new NodeTracerProvider({ spanProcessors: [resendCount(), new BatchSpanProcessor(exporter)] });
 */
export function resendCount(): ResendCount {
  return {
    onStart(span, parent) {
      const number = parent.getValue(ATTEMPT);
      if (typeof number === 'number') span.setAttributes(resendAttributes(number));
    },
    onEnd() {},
    async forceFlush() {},
    async shutdown() {},
  };
}
