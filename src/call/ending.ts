import type { Refusal } from '../guard/guard.ts';
import { QUEUE_FULL } from '../guard/limit.ts';
import { BreakerOpenError, LimitError, TimeoutError } from '../model/errors.ts';
import type { Fallback } from '../model/fallback.ts';
import type { Stopped } from '../model/report.ts';
import type { Exchange, ResponseHead } from '../transport/exchange.ts';
import type { Attempted } from './attempt.ts';
import { breath } from './breath.ts';
import { callRef, rejectedEvent } from './call-events.ts';
import { stoppedBy } from './decide.ts';
import { askFallback, isFailure } from './fallback.ts';
import type { CallPlan } from './plan.ts';

/**
 * Ends the call: returns the response if there is one, else throws the error.
 *
 * @param why the reason, if something other than the last attempt ends the call
 */
export function end<A extends ResponseHead>(
  plan: CallPlan<A>,
  last: Attempted<A>,
  why?: Stopped,
): A | Promise<A> {
  // If something else ends the call, there may have been a pause since the attempt.
  const now = why === undefined ? last.ended : plan.runtime.now();
  const stopped = why ?? last.verdict.stopped ?? 'attempts';
  const { fallback } = plan.policy;
  if (fallback !== undefined && isFailure(stopped, last)) return endByFallback(plan, fallback, last, stopped);
  return endByAttempt(plan, last, stopped, now);
}

function endByAttempt<A extends ResponseHead>(
  plan: CallPlan<A>,
  last: Attempted<A>,
  stopped: Stopped,
  now: number,
): A {
  if (stopped === 'aborted') {
    discard(last);
    throw fail(plan, stopped, plan.caller?.signal.reason, now);
  }
  if (last.response === undefined) throw fail(plan, stopped, last.error, now);
  // An attempt that already counted as a failure must not count again when its body breaks off.
  if (last.verdict.outcome === 'success') plan.record.admittedBy(last.admission);
  settle(plan, stopped, now, last.response, last.exchange);
  return last.response;
}

/** Ends the call by its fallback, or, if that gives no response, as it would have ended. */
async function endByFallback<A extends ResponseHead>(
  plan: CallPlan<A>,
  fallback: Fallback,
  last: Attempted<A>,
  stopped: Stopped,
): Promise<A> {
  const { response, error } = last;
  const how = response ? { status: response.status, headers: response.headers } : { error };
  let answer: A | undefined;
  try {
    answer = await answerOf(plan, fallback, stopped, how);
  } catch (mistake) {
    discard(last);
    throw fail(plan, stopped, mistake, plan.runtime.now());
  }
  const now = plan.runtime.now();
  if (answer === undefined) return endByAttempt(plan, last, plan.caller?.aborted ? 'aborted' : stopped, now);
  discard(last);
  settle(plan, stopped, now);
  return answer;
}

/** The response of the fallback, noted in the record. */
async function answerOf<A extends ResponseHead>(
  plan: CallPlan<A>,
  fallback: Fallback,
  stopped: Stopped,
  how: Parameters<typeof askFallback>[3],
): Promise<A | undefined> {
  const { adapter, record, caller } = plan;
  const response = await askFallback(plan, fallback, stopped, how);
  if (response === undefined || caller?.aborted) return undefined;
  record.answeredBy(response);
  return adapter.fallback?.(response);
}

/** Ends a call that a guard refused, and that sent nothing. */
export function refuse<A extends ResponseHead>(plan: CallPlan<A>, refusal: Refusal): Promise<A> {
  const ended = () => endUnsent(plan, turnedAway(plan, refusal, 1), errorOf(plan, refusal));
  return breath()?.then(ended) ?? ended();
}

/** Ends a call whose signal had aborted before the call began. @param refused what `fetch` says to it */
export function abortedBefore<A extends ResponseHead>(plan: CallPlan<A>, refused: Promise<A>): Promise<A> {
  return refused.catch((error: unknown) => {
    // Of a request that is wrong as well, `fetch` says that.
    throw error === plan.caller?.signal.reason ? fail(plan, 'aborted', error, plan.runtime.now()) : error;
  });
}

/** Ends a call whose time was over before it began. */
export function expire<A extends ResponseHead>(plan: CallPlan<A>): Promise<A> {
  return endUnsent(plan, 'deadline', new TimeoutError('total', 0));
}

/** Ends a call that never sent anything: by its fallback, or with the error. */
async function endUnsent<A extends ResponseHead>(
  plan: CallPlan<A>,
  stopped: Stopped,
  error: Error,
): Promise<A> {
  const { runtime, caller, policy } = plan;
  if (caller?.aborted) throw fail(plan, 'aborted', caller.signal.reason, runtime.now());
  if (policy.fallback === undefined) throw fail(plan, stopped, error, runtime.now());
  let answer: A | undefined;
  try {
    answer = await answerOf(plan, policy.fallback, stopped, { error });
  } catch (mistake) {
    throw fail(plan, stopped, mistake, runtime.now());
  }
  if (caller?.aborted) throw fail(plan, 'aborted', caller.signal.reason, runtime.now());
  if (answer === undefined) throw fail(plan, stopped, error, runtime.now());
  settle(plan, stopped, runtime.now());
  return answer;
}

function errorOf<A extends ResponseHead>({ scope, runtime }: CallPlan<A>, refusal: Refusal): Error {
  const { isInLine, until, why } = refusal;
  const name = scope?.name ?? '';
  if (isInLine) return new LimitError(name, refusal === QUEUE_FULL);
  const wait = Math.max(0, until - runtime.now());
  return new BreakerOpenError(name, Number.isFinite(until) ? runtime.epoch() + wait : undefined, why);
}

/** Counts and reports a refusal that ends the call. @returns why the call ends */
export function turnedAway<A extends ResponseHead>(
  plan: CallPlan<A>,
  { by }: Refusal,
  number: number,
): Stopped {
  const { emitter, record, caller, scope } = plan;
  if (caller?.aborted) return 'aborted';
  if (scope !== undefined) scope.rejected += 1;
  if (by === 'budget' && emitter.has('budget')) emitter.emit('budget', callRef(record));
  if (emitter.has('rejected')) emitter.emit('rejected', rejectedEvent(record, by, number));
  return stoppedBy(by);
}

/** Discards the response, if there is one. */
export function discard<A extends ResponseHead>({ exchange, response }: Attempted<A>): void {
  if (response) exchange?.discard(response);
}

/** Settles a call that ends with this error. @returns the error */
function fail<A extends ResponseHead>(
  plan: CallPlan<A>,
  stopped: Stopped,
  error: unknown,
  now: number,
): unknown {
  settle(plan, stopped, now);
  plan.record.remember(error);
  plan.adapter.failed?.(error);
  return error;
}

function settle<A extends ResponseHead>(
  { record, emitter, caller, scope }: CallPlan<A>,
  stopped: Stopped,
  now: number,
  response?: A,
  exchange?: Exchange<A>,
): void {
  record.settle(stopped, now);
  scope?.settled(now);
  if (response) caller?.handOver(response);
  else caller?.release();
  if (emitter.has('settled')) emitter.emit('settled', record.event());
  if (response) exchange?.handedOver(response);
}
