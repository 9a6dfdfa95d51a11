import { Admission, firstRefusal, type Wish } from '../guard/admission.ts';
import type { Refusal } from '../guard/guard.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import { decideOnRefusal } from './decide.ts';
import type { CallPlan } from './plan.ts';
import { momentOf } from './rules.ts';

/** What a call goes with that shares nothing with others. */
const UNGUARDED = new Admission([], []);
/** Others were here before. */
const QUEUED: Refusal = { by: 'breaker', until: 0, isFixed: false };

/** Lets an attempt in: now or, if the call has the patience, when there is room. */
export function admit<A extends ResponseHead>(
  plan: CallPlan<A>,
  wish: Wish,
): Admission | Promise<Admission | Refusal> {
  const { scope, guards, policy, runtime } = plan;
  if (scope === undefined) return UNGUARDED;
  const now = runtime.now();
  if (policy.patience > 0 && scope.room.isQueued(wish.number > 1)) {
    return waitForRoom(plan, wish, firstRefusal(guards, { ...wish, now }) ?? QUEUED, now);
  }
  const entered = scope.enter(guards, { ...wish, now });
  return entered instanceof Admission ? entered : waitForRoom(plan, wish, entered, now);
}

/**
 * Why a pause is no use: nothing may be sent after it, and the call can't wait for room.
 *
 * @param now when the pause will be over
 */
export function whyHopeless<A extends ResponseHead>(
  plan: CallPlan<A>,
  wish: Wish,
  now: number,
): Refusal | undefined {
  const refusal = firstRefusal(plan.guards, { ...wish, now });
  if (refusal === undefined) return undefined;
  return 'stop' in decideOnRefusal(refusal, plan.policy.patience, momentOf(plan, now)) ? refusal : undefined;
}

/** Nothing may be sent now. */
async function waitForRoom<A extends ResponseHead>(
  plan: CallPlan<A>,
  wish: Wish,
  refusal: Refusal,
  now: number,
): Promise<Admission | Refusal> {
  const { scope, guards, policy, caller } = plan;
  const decision = decideOnRefusal(refusal, policy.patience, momentOf(plan, now));
  if ('stop' in decision || scope === undefined) return refusal;
  const admission = await scope.room.wait({
    isRetry: wish.number > 1,
    until: decision.roomUntil,
    signal: caller?.signal,
    enter: (then) => scope.enter(guards, { ...wish, now: then }),
  });
  if (admission === undefined || !caller?.aborted) return admission ?? refusal;
  admission.cancel();
  return refusal;
}
