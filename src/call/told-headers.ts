import { firstRefusal } from '../guard/admission.ts';
import { findHeader, withHeader } from '../http/headers.ts';
import { writeTimeLeft } from '../http/time-left.ts';
import type { FetchInit } from '../model/options.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import { NO_RETRY } from './layer.ts';
import type { CallPlan } from './plan.ts';

type Headers = FetchInit['headers'];

/** What headers tell of an attempt. */
interface Told {
  readonly number: number;
  readonly isHedge?: boolean;
}

/** The headers of an attempt, with what the service is to know about retries and time, where the options say so. */
export function toldHeaders<A extends ResponseHead>(
  plan: CallPlan<A>,
  given: Headers,
  attempt: Told,
  now: number,
): Headers {
  const headers = isLastHope(plan, attempt) ? withHeader(given, NO_RETRY.header, NO_RETRY.value) : given;
  const { deadlineHeader, limits } = plan;
  if (deadlineHeader === undefined || limits === undefined) return headers;
  const left = Math.min(limits.attempt, limits.deadline - now);
  if (left === Number.POSITIVE_INFINITY || findHeader(headers, deadlineHeader) !== undefined) return headers;
  return withHeader(headers, deadlineHeader, writeTimeLeft(deadlineHeader, left));
}

/** Whether the service should try its own calls only once: because this layer or one above retries, or has no retry left. */
function isLastHope<A extends ResponseHead>(
  { layer, guards, runtime, endpoint }: CallPlan<A>,
  { number, isHedge }: Told,
): boolean {
  if (layer === undefined) return false;
  if (layer.tryOnce || number > 1 || isHedge) return true;
  const refusal = firstRefusal(guards, {
    number: 2,
    after: undefined,
    span: 0,
    endpoint,
    now: runtime.now(),
  });
  return refusal?.by === 'budget';
}
