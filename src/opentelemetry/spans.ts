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
import type { CallRef } from '../model/events.ts';
import type { Instrumentation } from '../model/instrumentation.ts';
import { channel } from '../platform/diagnostics.ts';
import {
  ADDRESS,
  ATTEMPT,
  ATTEMPTS,
  DELAY,
  DELIVERY,
  ERROR,
  FROM,
  GUARD,
  PORT,
  REASON,
  RESEND,
  STATUS,
  STOPPED,
  TEMPLATE,
  TO,
} from './attributes.ts';
import type { Listen } from './listen.ts';
import { errorOfAttempt, errorOfCall, isMeant, placeOf } from './place.ts';

/** Whether each attempt gets a span of ours: `'auto'` if nothing else watches undici's requests. */
export type AttemptSpans = 'auto' | boolean;

const NUMBER = createContextKey('steadfetch: number of the attempt');

/** undici's instrumentation listens here, and makes a span of each request. */
const requests = channel('undici:request:create');

/** A span for each call and, under it, one for each attempt; pauses and changes of the breaker are events of the call's. */
export function spans(
  tracer: Tracer,
  attemptSpans: AttemptSpans,
): { instrumentation: Instrumentation; watch(listen: Listen): (() => void)[] } {
  const underWay = new Map<string, { readonly span: Span; readonly scope: string | undefined }>();

  const instrumentation: Instrumentation = {
    call(call) {
      const { id, scope } = call;
      const attributes = startAttributes(call);
      const span = tracer.startSpan(placeOf(call).name, { kind: SpanKind.INTERNAL, attributes });
      underWay.set(id, { span, scope });
      return {
        within: (run) => context.with(trace.setSpan(context.active(), span), run),
        end(report) {
          underWay.delete(id);
          span.setAttribute(STOPPED, report.stopped);
          span.setAttribute(DELIVERY, report.delivery);
          span.setAttribute(ATTEMPTS, report.attempts.length);
          fail(span, errorOfCall(report), report.stopped === 'success' ? undefined : report.stopped);
          span.end();
        },
      };
    },

    attempt(start) {
      const active = numbered(context.active(), start.number);
      const isOurs = attemptSpans === 'auto' ? !requests.hasSubscribers : attemptSpans;
      if (!isOurs) return { within: (run) => context.with(active, run), end() {} };
      const attributes = startAttributes(start);
      if (start.number > 1) attributes[RESEND] = start.number - 1;
      const span = tracer.startSpan(placeOf(start).name, { kind: SpanKind.CLIENT, attributes }, active);
      return {
        within: (run) => context.with(trace.setSpan(active, span), run),
        end(report) {
          span.setAttribute(REASON, report.reason);
          if (report.status !== undefined) span.setAttribute(STATUS, report.status);
          const isGood = report.reason === 'success' || !isMeant(report);
          fail(span, errorOfAttempt(report), isGood ? undefined : report.reason);
          span.end();
        },
      };
    },
  };

  /** Events that do not say so themselves when they happen. */
  function watch(listen: Listen): (() => void)[] {
    return [
      listen('retry', ({ id, number, delay, reason }) => {
        underWay.get(id)?.span.addEvent('steadfetch.pause', {
          [ATTEMPT]: number,
          [DELAY]: delay,
          [REASON]: reason,
        });
      }),
      listen('rejected', ({ id, by, number }) => {
        underWay.get(id)?.span.addEvent('steadfetch.rejected', { [GUARD]: by, [ATTEMPT]: number });
      }),
      listen('breaker', ({ scope, from, to, reason }) => {
        const attributes: Attributes = {
          [FROM]: from,
          [TO]: to,
          [REASON]: reason,
        };
        for (const call of underWay.values()) {
          if (call.scope === scope) call.span.addEvent('steadfetch.breaker', attributes);
        }
      }),
    ];
  }

  return { instrumentation, watch };
}

/** The context of an attempt, for `resendCount`. A copy is made only if the number tells something, or hides another call's. */
function numbered(active: Context, number: number): Context {
  return number === 1 && active.getValue(NUMBER) === undefined ? active : active.setValue(NUMBER, number);
}

function startAttributes(call: CallRef): Attributes {
  const { attributes: place } = placeOf(call);
  // Written out, in place of the names' constants: then all of them have one hidden class. What is undefined is no attribute.
  return {
    'http.request.method': call.method,
    'url.full': call.url,
    'steadfetch.call.id': call.id,
    'server.address': place[ADDRESS],
    'server.port': place[PORT],
    'url.template': place[TEMPLATE],
    'steadfetch.scope': call.scope,
  };
}

function fail(span: Span, error: string | undefined, message: string | undefined): void {
  if (error !== undefined) span.setAttribute(ERROR, error);
  if (message !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message });
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
      const number = parent.getValue(NUMBER);
      // A first attempt is no resend.
      if (typeof number === 'number' && number > 1) span.setAttribute(RESEND, number - 1);
    },
    onEnd() {},
    async forceFlush() {},
    async shutdown() {},
  };
}
