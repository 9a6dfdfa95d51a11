import type { Permit } from '../guard/breaker.ts';
import { withHeader } from '../request/headers.ts';
import type { Exchange } from '../transport/exchange.ts';
import { codeOf } from '../verdict/cause.ts';
import type { Delivery } from '../verdict/failure.ts';
import { judgeError, judgeResponse, type Verdict } from '../verdict/verdict.ts';
import { discard } from './discard.ts';
import { NO_RETRY } from './layer.ts';
import { makeBody } from './make-body.ts';
import type { CallPlan } from './plan.ts';
import { type AttemptReport, type ErrorSummary, remember } from './report.ts';

/** What came of sending once. */
interface Sent {
  /** Undefined if it did not even get to the transport. */
  readonly exchange: Exchange | undefined;
  readonly response: Response | undefined;
  readonly error: unknown;
  readonly verdict: Verdict;
}

/** One attempt, done. */
export interface Attempted extends Sent {
  readonly report: AttemptReport;
}

/** Sends the request once and says what came of it. Never rejects. */
export async function attempt(
  plan: CallPlan,
  waited: number,
  permit: Permit | undefined,
): Promise<Attempted> {
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

async function send(plan: CallPlan): Promise<Sent> {
  const { policy, caller, record, keyed } = plan;
  let init = plan.init;
  if (isLastHope(plan)) {
    init = { ...init, headers: withHeader(init.headers, NO_RETRY.header, NO_RETRY.value) };
  }
  if (plan.body !== undefined) {
    try {
      init = { ...init, body: (await makeBody(plan.body, plan)) ?? null };
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
    init,
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

function isAborted({ caller }: CallPlan): boolean {
  return caller?.signal.aborted === true;
}

/** Whether the services behind should try only once: this layer, or one above, is retrying, or can't any more. */
function isLastHope({ layer, record, policy, scope, runtime }: CallPlan): boolean {
  if (layer === undefined) return false;
  if (layer.tryOnce || record.attempts.length > 0) return true;
  return policy.budget !== false && scope?.budget?.isEmpty(policy.budget, runtime.now()) === true;
}

/** Asks `retry.when`, if the failure is one that the rules have an opinion on. */
function consult(plan: CallPlan, sent: Sent): Sent {
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
    if (response) discard(response);
    return { exchange, response: undefined, error: mistake, verdict: { ...verdict, stopped: 'policy' } };
  }
}

function deliveryOf(exchange: Exchange | undefined): Delivery {
  if (exchange?.status !== undefined) return 'answered';
  return exchange?.sent ? 'unknown' : 'not-sent';
}

/** Without the message, which may hold a URL with its secrets. */
function summarise(error: unknown): ErrorSummary {
  const name = error instanceof Error ? error.name : typeof error;
  const code = codeOf(error);
  return Object.freeze(code === undefined ? { name } : { name, code });
}
