import type { Permit } from '../guard/breaker.ts';
import type { FetchBody } from '../policy/options.ts';
import { withHeader } from '../request/headers.ts';
import type { Answer, Exchange, Order } from '../transport/exchange.ts';
import type { Delivery } from '../verdict/failure.ts';
import { judgeError, judgeResponse, type Verdict } from '../verdict/verdict.ts';
import { AttemptRecord } from './attempt-record.ts';
import { NO_RETRY } from './layer.ts';
import { makeBody } from './make-body.ts';
import type { CallPlan } from './plan.ts';
import { remember } from './report.ts';

/** One attempt, done. */
export interface Attempted<A extends Answer> {
  /** Undefined if it did not even get to the transport. */
  readonly exchange: Exchange<A> | undefined;
  readonly response: A | undefined;
  readonly error: unknown;
  readonly verdict: Verdict;
  readonly record: AttemptRecord;
}

type Outcome<A extends Answer> = Pick<Attempted<A>, 'response' | 'error' | 'verdict'>;

/** Sends the request once and says what came of it. Never rejects. */
export async function attempt<A extends Answer>(
  plan: CallPlan<A>,
  waited: number,
  permit: Permit | undefined,
): Promise<Attempted<A>> {
  const { runtime, record: call, scope, emitter } = plan;
  const begun = runtime.now();
  const record = new AttemptRecord(call.attempts.length + 1, call.epochOf(begun), waited);
  let exchange: Exchange<A> | undefined;
  let outcome: Outcome<A>;
  try {
    let body = plan.body && makeBody(plan.body, plan);
    if (body instanceof Promise) body = await body;
    exchange = plan.transport();
    const response = await exchange.send(orderOf(plan, plan.body && (body ?? null)));
    outcome = { response, error: undefined, verdict: judgeResponse(response, plan.policy, plan.keyed) };
  } catch (error) {
    outcome = failed(plan, exchange, error);
  }
  const { response, error, verdict } = consult(plan, exchange, outcome);
  record.duration = runtime.now() - begun;
  record.status = exchange?.status;
  record.delivery = deliveryOf(exchange);
  record.reason = verdict.reason;
  if (response === undefined) record.failed(error);
  if (permit !== undefined) {
    const counted = scope?.breaker?.leave(permit, verdict.outcome);
    if (counted) await counted;
  }
  call.attempts.push(record);
  if (emitter.has('attempt')) {
    const { id, method, url, endpoint } = call;
    emitter.emit('attempt', { id, method, url, endpoint, attempt: record.report });
  }
  return { exchange, response, error, verdict, record };
}

function orderOf<A extends Answer>(plan: CallPlan<A>, body: FetchBody | undefined): Order {
  const { url, init, headers, caller, limits, policy, runtime, record } = plan;
  return {
    url,
    init,
    headers: isLastHope(plan) ? withHeader(headers, NO_RETRY.header, NO_RETRY.value) : headers,
    body,
    caller,
    limits,
    buffer: policy.buffer,
    runtime,
    remember: (subject) => remember(subject, record),
  };
}

function failed<A extends Answer>(
  { caller }: CallPlan<A>,
  exchange: Exchange<A> | undefined,
  error: unknown,
): Outcome<A> {
  const aborted = caller?.aborted === true;
  if (exchange === undefined) {
    // The body could not be made. Whatever went wrong, it was no fault of the dependency.
    const verdict = { ...judgeError(error, { fault: 'body' }, aborted), outcome: 'ignored' as const };
    return { response: undefined, error, verdict };
  }
  const verdict = judgeError(error, exchange, aborted);
  const reason = verdict.stopped === 'aborted' ? caller?.signal.reason : error;
  return { response: undefined, error: reason, verdict };
}

/** Whether the services behind should try only once: this layer, or one above, is retrying, or can't any more. */
function isLastHope<A extends Answer>({ layer, record, policy, scope, runtime }: CallPlan<A>): boolean {
  if (layer === undefined) return false;
  if (layer.tryOnce || record.attempts.length > 0) return true;
  return policy.budget !== false && scope?.budget?.isEmpty(policy.budget, runtime.now()) === true;
}

/** Asks `retry.when`, if the failure is one that the rules have an opinion on. */
function consult<A extends Answer>(
  plan: CallPlan<A>,
  exchange: Exchange<A> | undefined,
  outcome: Outcome<A>,
): Outcome<A> {
  const { when } = plan.policy.retry;
  const { verdict, response, error } = outcome;
  if (when === undefined || verdict.outcome === 'ignored' || verdict.reason === 'success') return outcome;
  try {
    const word = when({
      attempt: plan.record.attempts.length + 1,
      method: plan.record.method,
      url: plan.record.url,
      delivery: deliveryOf(exchange),
      ...(response ? { status: response.status, headers: response.headers } : { error }),
    });
    if (word === undefined) return outcome;
    return { ...outcome, verdict: { ...verdict, stopped: word ? undefined : 'policy' } };
  } catch (mistake) {
    // A mistake in the caller's own code is the caller's to see, not ours to retry.
    if (response) exchange?.discard(response);
    return { response: undefined, error: mistake, verdict: { ...verdict, stopped: 'policy' } };
  }
}

function deliveryOf<A extends Answer>(exchange: Exchange<A> | undefined): Delivery {
  if (exchange?.status !== undefined) return 'answered';
  return exchange?.sent ? 'unknown' : 'not-sent';
}
