import { Admission, type Wish } from '../guard/admission.ts';
import type { CallReport, Stopped } from '../model/report.ts';
import { pause } from '../platform/pause.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import { admit, whyHopeless } from './admit.ts';
import { type Attempted, attempt, type Start } from './attempt.ts';
import { callRef, retryEvent } from './call-events.ts';
import { decide, spanOf } from './decide.ts';
import { discard, end, expire, refuse, turnedAway } from './ending.ts';
import { attemptHedged } from './hedge.ts';
import type { CallPlan } from './plan.ts';
import { repeat } from './repeat.ts';
import { failedAttempt, momentOf, retryRules } from './rules.ts';

const FIRST: Wish = { number: 1, after: undefined, span: 0 };

/**
 * Makes one logical call: attempts, until one succeeds or the rules allow no further one. If the last attempt was answered, the
 * call resolves with that response, whatever else ended the call. Otherwise it rejects with the error of the last attempt.
 */
export function makeCall<A extends ResponseHead>(plan: CallPlan<A>): Promise<A> {
  const { instrumentations, record } = plan;
  if (instrumentations.isCallPlain) return run(plan);
  let report: CallReport | undefined;
  return instrumentations.call(
    callRef(record),
    () => run(plan),
    () => {
      report ??= record.event();
      return report;
    },
  );
}

/** Not an async function: a call without retries then needs no frame to resume. */
function run<A extends ResponseHead>(plan: CallPlan<A>): Promise<A> {
  if (plan.limits?.total === 0) return expire(plan);
  plan.scope?.came(plan.record.begun);
  const admission = admit(plan, FIRST);
  if (admission instanceof Admission) return firstAttempt(plan, { number: 1, waited: 0, admission });
  return admission.then((late) => {
    if (!(late instanceof Admission)) return refuse(plan, late);
    return firstAttempt(plan, { number: 1, waited: plan.runtime.now() - plan.record.begun, admission: late });
  });
}

function firstAttempt<A extends ResponseHead>(plan: CallPlan<A>, start: Start): Promise<A> {
  return send(plan, start).then((first) => {
    const isEnough = !isWorthMore(first) || plan.policy.retry.attempts === 1;
    return isEnough ? end(plan, first) : retry(plan, first);
  });
}

/** Makes one attempt; with hedging, up to two side by side. */
function send<A extends ResponseHead>(plan: CallPlan<A>, start: Start): Promise<Attempted<A>> {
  return plan.hedge === undefined ? attempt(plan, start) : attemptHedged(plan, plan.hedge, start);
}

/**
 * Makes one attempt after another, for as long as `nextStart` gives a start. The response of a failed attempt is kept through the
 * pause: if no attempt follows, the call resolves with that response.
 */
async function retry<A extends ResponseHead>(plan: CallPlan<A>, first: Attempted<A>): Promise<A> {
  let last = first;
  let next = await nextStart(plan, last);
  const again = async () => {
    if (typeof next === 'string') return true;
    discard(last);
    last = await send(plan, next);
    return !isWorthMore(last);
  };
  const another = async () => {
    next = await nextStart(plan, last);
    return typeof next !== 'string';
  };
  await repeat(plan.policy.retry.attempts - 1, again, another);
  return end(plan, last, typeof next === 'string' ? next : undefined);
}

/** Decides, waits and enters the guards. Resolves to the start of another attempt, or to the reason why there is none. */
async function nextStart<A extends ResponseHead>(
  plan: CallPlan<A>,
  failed: Attempted<A>,
): Promise<Start | Stopped> {
  const { record, caller, emitter, runtime } = plan;
  const from = runtime.now();
  const rules = retryRules(plan);
  const decision = decide(failedAttempt(plan, failed), rules, momentOf(plan, from));
  if ('stop' in decision) return decision.stop;

  const number = failed.record.number + 1;
  const wish = { number, after: failed.verdict.reason, span: spanOf(number, rules) };
  const hopeless = whyHopeless(plan, wish, from + decision.wait);
  if (hopeless !== undefined) return turnedAway(plan, hopeless, number);
  if (emitter.has('retry')) {
    const { vouched } = record;
    emitter.emit('retry', retryEvent(record, { number, delay: decision.wait, reason: wish.after, vouched }));
  }
  await pause(decision.wait, caller?.signal);
  if (caller?.aborted) return 'aborted';

  runtime.fired?.(from + decision.wait);
  const admission = await admit(plan, wish);
  if (!(admission instanceof Admission)) return turnedAway(plan, admission, number);
  return { number, waited: runtime.now() - from, admission };
}

function isWorthMore<A extends ResponseHead>({ verdict }: Attempted<A>): boolean {
  return verdict.stopped === undefined;
}
