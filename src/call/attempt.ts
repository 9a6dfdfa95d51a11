import type { Permit } from '../guard/breaker.ts';
import type { FetchBody } from '../policy/options.ts';
import { withHeader } from '../request/headers.ts';
import type { Answer, Exchange } from '../transport/exchange.ts';
import { codeOf } from '../verdict/cause.ts';
import type { Delivery } from '../verdict/failure.ts';
import { judgeError, judgeResponse, type Verdict } from '../verdict/verdict.ts';
import { NO_RETRY } from './layer.ts';
import { makeBody } from './make-body.ts';
import type { CallPlan } from './plan.ts';
import { type AttemptReport, type ErrorSummary, remember } from './report.ts';

/** What came of sending once. */
interface Sent<A extends Answer> {
  /** Undefined if it did not even get to the transport. */
  readonly exchange: Exchange<A> | undefined;
  readonly response: A | undefined;
  readonly error: unknown;
  readonly verdict: Verdict;
}

/** One attempt, done. */
export interface Attempted<A extends Answer> extends Sent<A> {
  readonly report: AttemptReport;
}

/** Sends the request once and says what came of it. Never rejects. */
export async function attempt<A extends Answer>(
  plan: CallPlan<A>,
  waited: number,
  permit: Permit | undefined,
): Promise<Attempted<A>> {
  const { runtime, record, scope, emitter } = plan;
  const startedAt = runtime.epoch();
  const begun = runtime.now();
  const sent = consult(plan, await send(plan));
  // Frozen: listeners are shown it, and the gate goes by what it says.
  const report: AttemptReport = Object.freeze({
    number: record.attempts.length + 1,
    startedAt,
    duration: runtime.now() - begun,
    waited,
    ...(sent.exchange?.status !== undefined && { status: sent.exchange.status }),
    ...(sent.response === undefined && { error: summarise(sent.error) }),
    delivery: deliveryOf(sent.exchange),
    reason: sent.verdict.reason,
  });
  if (permit !== undefined) {
    const counted = scope?.breaker?.leave(permit, sent.verdict.outcome);
    if (counted) await counted;
  }
  record.attempts.push(report);
  if (emitter.has('attempt')) emitter.emit('attempt', { ...record.ref, attempt: report });
  return { ...sent, report };
}

async function send<A extends Answer>(plan: CallPlan<A>): Promise<Sent<A>> {
  const { policy, caller, record, keyed } = plan;
  const { header, value } = NO_RETRY;
  const headers = isLastHope(plan) ? withHeader(plan.headers, header, value) : plan.headers;
  let body: FetchBody | undefined;
  if (plan.body !== undefined) {
    try {
      body = (await makeBody(plan.body, plan)) ?? null;
    } catch (error) {
      // Whatever went wrong, it was no fault of the dependency.
      const verdict = {
        ...judgeError(error, { fault: 'body' }, isAborted(plan)),
        outcome: 'ignored' as const,
      };
      return { exchange: undefined, response: undefined, error, verdict };
    }
  }
  const exchange = plan.transport({
    url: plan.url,
    init: plan.init,
    headers,
    body,
    caller,
    limits: plan.limits,
    buffer: policy.buffer,
    runtime: plan.runtime,
    bodyFailed: (error) => remember(error, record),
  });
  try {
    const response = await exchange.send();
    return { exchange, response, error: undefined, verdict: judgeResponse(response, policy, keyed) };
  } catch (error) {
    const verdict = judgeError(error, exchange, isAborted(plan));
    const reason = verdict.stopped === 'aborted' ? caller?.signal.reason : error;
    return { exchange, response: undefined, error: reason, verdict };
  }
}

function isAborted<A extends Answer>({ caller }: CallPlan<A>): boolean {
  return caller?.aborted === true;
}

/** Whether the services behind should try only once: this layer, or one above, is retrying, or can't any more. */
function isLastHope<A extends Answer>({ layer, record, policy, scope, runtime }: CallPlan<A>): boolean {
  if (layer === undefined) return false;
  if (layer.tryOnce || record.attempts.length > 0) return true;
  return policy.budget !== false && scope?.budget?.isEmpty(policy.budget, runtime.now()) === true;
}

/** Asks `retry.when`, if the failure is one that the rules have an opinion on. */
function consult<A extends Answer>(plan: CallPlan<A>, sent: Sent<A>): Sent<A> {
  const { when } = plan.policy.retry;
  const { verdict, exchange, response, error } = sent;
  if (when === undefined || verdict.outcome === 'ignored' || verdict.reason === 'success') return sent;
  try {
    const word = when({
      attempt: plan.record.attempts.length + 1,
      method: plan.record.method,
      url: plan.record.url,
      delivery: deliveryOf(exchange),
      ...(response ? { status: response.status, headers: response.headers } : { error }),
    });
    if (word === undefined) return sent;
    return { ...sent, verdict: { ...verdict, stopped: word ? undefined : 'policy' } };
  } catch (mistake) {
    // A mistake in the caller's own code is the caller's to see, not ours to retry.
    if (response) exchange?.discard(response);
    return { exchange, response: undefined, error: mistake, verdict: { ...verdict, stopped: 'policy' } };
  }
}

function deliveryOf<A extends Answer>(exchange: Exchange<A> | undefined): Delivery {
  if (exchange?.status !== undefined) return 'answered';
  return exchange?.sent ? 'unknown' : 'not-sent';
}

/** Without the message, which may hold a URL with its secrets. */
function summarise(error: unknown): ErrorSummary {
  const name = error instanceof Error ? error.name : typeof error;
  const code = codeOf(error);
  return Object.freeze(code === undefined ? { name } : { name, code });
}
