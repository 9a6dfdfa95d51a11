import type { Refusal } from '../guard/guard.ts';
import { QUEUE_FULL } from '../guard/limit.ts';
import { BreakerOpenError, LimitError } from '../model/errors.ts';
import type { Stopped } from '../model/report.ts';
import type { Exchange, ResponseHead } from '../transport/exchange.ts';
import type { Attempted } from './attempt.ts';
import type { CallPlan } from './plan.ts';

/**
 * Ends the call: returns the response if there is one, else throws the error.
 *
 * @param why the reason, if something other than the last attempt ends the call
 */
export function end<A extends ResponseHead>(plan: CallPlan<A>, last: Attempted<A>, why?: Stopped): A {
  // If something else ends the call, there may have been a pause since the attempt.
  const now = why === undefined ? last.ended : plan.runtime.now();
  const stopped = why ?? last.verdict.stopped ?? 'attempts';
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

/** Ends a call that never sent anything. @returns the error to throw */
export function refuse<A extends ResponseHead>(plan: CallPlan<A>, refusal: Refusal): unknown {
  const { scope, runtime, caller } = plan;
  const now = runtime.now();
  if (caller?.aborted) return fail(plan, 'aborted', caller.signal.reason, now);
  const { by, until } = refusal;
  const stopped = turnedAway(plan, refusal, 1);
  const name = scope?.name ?? '';
  if (by === 'limit') return fail(plan, stopped, new LimitError(name, refusal === QUEUE_FULL), now);
  const retryAt = Number.isFinite(until) ? runtime.epoch() + Math.max(0, until - now) : undefined;
  return fail(plan, stopped, new BreakerOpenError(name, retryAt), now);
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
  if (by === 'budget' && emitter.has('budget')) emitter.emit('budget', record.ref);
  if (emitter.has('rejected')) emitter.emit('rejected', { ...record.ref, by, number });
  return by;
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
  { record, emitter, caller }: CallPlan<A>,
  stopped: Stopped,
  now: number,
  response?: A,
  exchange?: Exchange<A>,
): void {
  record.settle(stopped, now);
  if (response) caller?.handOver(response);
  else caller?.release();
  if (emitter.has('settled')) emitter.emit('settled', record.event);
  if (response) exchange?.handedOver(response);
}
