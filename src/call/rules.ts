import type { ResponseHead } from '../transport/exchange.ts';
import type { Attempted } from './attempt.ts';
import type { FailedAttempt, Moment, RetryRules } from './decide.ts';
import type { CallPlan } from './plan.ts';

/** The facts about a failed attempt that `decide` needs. */
export function failedAttempt<A extends ResponseHead>(
  { policy: { idempotency }, keyed }: CallPlan<A>,
  { record, asked }: Attempted<A>,
): FailedAttempt {
  const { number, delivery, status = 0 } = record;
  return {
    number,
    delivery,
    running: keyed && idempotency !== false && idempotency.retryStatuses.has(status),
    asked,
  };
}

/** The rules of a call that `decide` needs. */
export function retryRules<A extends ResponseHead>({
  policy: { retry, idempotency },
  repeatable,
  body,
  keyed,
  record,
}: CallPlan<A>): RetryRules {
  return {
    attempts: retry.attempts,
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

/** The moment that `decide` needs. */
export function momentOf<A extends ResponseHead>({ limits, runtime }: CallPlan<A>, now: number): Moment {
  return { now, deadline: limits?.deadline ?? Number.POSITIVE_INFINITY, random: runtime.random };
}
