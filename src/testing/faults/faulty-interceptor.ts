import { destroy, heard } from '../../body/node-stream.ts';
import { isNodeStream } from '../../body/recognise.ts';
import type { AnyHandler, Controller, Listener } from '../../transport/undici/handlers.ts';
import { telling } from '../../transport/undici/languages.ts';
import { BothLanguages } from '../../transport/undici/undici7/both-languages.ts';
import { Dripping, LateLoss, Stalled, Truncated } from './faulty-exchange.ts';
import { networkErrors } from './network-errors.ts';
import { type FaultRule, numbersOf } from './rule.ts';
import type { FaultSchedule } from './schedule.ts';

/** An undici interceptor, for the `compose` of undici 7 and of undici 8. */
export type FaultyInterceptor = <Dispatch extends (options: never, handler: never) => boolean>(
  dispatch: Dispatch,
) => Dispatch;

/** What an interceptor reads of undici's options. */
interface DispatchOptions {
  readonly origin?: string | URL;
  readonly path: string;
  readonly method: string;
  readonly body?: unknown;
  readonly headersTimeout?: number | null;
  readonly upgrade?: unknown;
}

type Dispatch = (options: DispatchOptions, handler: unknown) => boolean;

/** The faults of a schedule in front of a dispatcher. A tunnel (CONNECT, Upgrade) has none. */
export function faultyInterceptor(schedule: FaultSchedule): FaultyInterceptor {
  const intercept =
    (dispatch: Dispatch) =>
    (options: DispatchOptions, handler: AnyHandler): boolean => {
      const { origin = '', path, method, upgrade } = options;
      if (upgrade || method === 'CONNECT') return dispatch(options, handler);
      const rule = schedule.next(method, `${String(origin).replace(/\/$/, '')}${path}`);
      if (rule === undefined) return dispatch(options, handler);
      const caller = telling(handler);
      const changed = exchangeWith(rule, caller, options);
      if (changed !== undefined) return dispatch(options, new BothLanguages(changed));
      // Not at once: a dispatcher never calls back before it has returned.
      queueMicrotask(() => answerInPlace(rule, caller, options));
      return true;
    };
  return intercept as unknown as FaultyInterceptor;
}

/** The listener of a request that is really sent; undefined: it is not. */
function exchangeWith(rule: FaultRule, caller: Listener, options: DispatchOptions): Listener | undefined {
  const { piece, length, gap } = numbersOf(rule);
  switch (rule.fault) {
    case 'reset-after':
      return new LateLoss(caller);
    case 'stall':
      return new Stalled(caller, options.headersTimeout);
    case 'drip':
      return new Dripping(caller, piece, gap);
    case 'truncate':
      return new Truncated(caller, length, options.method);
    default:
      return undefined;
  }
}

/** What the caller hears of a request that the service does not get. */
function answerInPlace(rule: FaultRule, caller: Listener, { body }: DispatchOptions): void {
  if (rule.fault === 'refuse') {
    caller.onResponseError?.(null, networkErrors.refused());
    return;
  }
  const controller = new LocalController((error) => caller.onResponseError?.(controller, error));
  try {
    caller.onRequestStart?.(controller, null);
    // Some of the body was sent: it can't be sent again.
    if (isNodeStream(body)) destroy(heard(body));
    if (rule.fault === 'status' && !controller.aborted) answer(rule, caller, controller);
    else controller.abort(networkErrors.reset());
  } catch (error) {
    // A handler refuses a request, or a response, by throwing.
    controller.abort(error as Error);
  }
}

function answer(rule: FaultRule, caller: Listener, controller: Controller): void {
  const { status, retryAfter } = numbersOf(rule);
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  caller.onResponseStart?.(controller, status, headers, '');
  if (!controller.aborted) caller.onResponseEnd?.(controller, {});
}

/** Steers a request that is not on any wire. */
class LocalController implements Controller {
  readonly rawHeaders = null;
  readonly rawTrailers = null;
  paused = false;
  aborted = false;
  reason: Error | null = null;
  readonly #end: (error: Error) => void;

  constructor(end: (error: Error) => void) {
    this.#end = end;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  abort(reason: Error | undefined): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason ?? networkErrors.aborted();
    this.#end(this.reason);
  }
}
