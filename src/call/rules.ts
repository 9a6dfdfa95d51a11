import { serverWait } from '../http/retry-after.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import type { Attempted } from './attempt.ts';
import type { FailedAttempt, RetryRules } from './decide.ts';
import type { CallPlan } from './plan.ts';

/** What `decide` has to know of an attempt. */
export function failedAttempt<A extends ResponseHead>(
  { policy: { idempotency }, keyed, runtime }: CallPlan<A>,
  { record, response }: Attempted<A>,
): FailedAttempt {
  const { number, delivery, status = 0 } = record;
  return {
    number,
    delivery,
    running: keyed && idempotency !== false && idempotency.retryStatuses.has(status),
    asked: response && serverWait(response.headers, runtime.epoch()),
  };
}

/** What `decide` has to know of a call. */
export function retryRules<A extends ResponseHead>({
  policy: { retry, idempotency },
  repeatable,
  body,
  keyed,
  record,
}: CallPlan<A>): RetryRules {
  return {
    base: retry.base,
    factor: retry.factor,
    cap: retry.cap,
    retryAfter: retry.retryAfter,
    repeatable,
    resendable: body?.repeatable() !== false,
    forgotten:
      keyed && idempotency !== false ? record.begun + idempotency.lifetime : Number.POSITIVE_INFINITY,
  };
}
