import { Admission, firstRefusal, type Wish } from '../guard/admission.ts';
import type { Entry, Refusal } from '../guard/guard.ts';
import type { Visitor } from '../guard/waiting-room.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import { decideOnRefusal } from './decide.ts';
import type { CallPlan } from './plan.ts';
import { momentOf } from './rules.ts';

/** The admission of a call without guards: it shares nothing with other calls. */
const UNGUARDED = new Admission([], [], '');
/** The refusal of an attempt that must queue behind other calls. */
const QUEUED: Refusal = { by: 'breaker', until: 0, isFixed: false };

/** Lets an attempt in: at once, or later if the call has patience and there is room. */
export function admit<A extends ResponseHead>(
  plan: CallPlan<A>,
  wish: Wish,
): Admission | Promise<Admission | Refusal> {
  const { scope, guards, policy, runtime } = plan;
  if (scope === undefined) return UNGUARDED;
  const now = runtime.now();
  const entry = entryOf(plan, wish, now);
  if (policy.patience > 0 && scope.isBehindOthers(entry)) {
    return waitForRoom(plan, wish, firstRefusal(guards, entry) ?? QUEUED, now);
  }
  const entered = scope.enter(guards, entry);
  return entered instanceof Admission ? entered : waitForRoom(plan, wish, entered, now);
}

/**
 * Why the call need not even begin its pause: after the pause nothing may be sent, and the call can't wait for room.
 *
 * @param now when the pause would be over
 */
export function whyHopeless<A extends ResponseHead>(
  plan: CallPlan<A>,
  wish: Wish,
  now: number,
): Refusal | undefined {
  const refusal = firstRefusal(plan.guards, entryOf(plan, wish, now));
  if (refusal === undefined) return undefined;
  return 'stop' in decideOnRefusal(refusal, plan.policy.patience, momentOf(plan, now)) ? refusal : undefined;
}

/** Waits for room, if the call has patience. Called when nothing may be sent now. */
function waitForRoom<A extends ResponseHead>(
  plan: CallPlan<A>,
  wish: Wish,
  refusal: Refusal,
  now: number,
): Promise<Admission | Refusal> {
  const decision = decideOnRefusal(refusal, plan.policy.patience, momentOf(plan, now));
  if ('stop' in decision || plan.scope === undefined) return Promise.resolve(refusal);
  const visit = new Visit(plan, wish, decision.roomUntil);
  return plan.scope.room.wait(visit).then((admission) => {
    if (admission === undefined) return refusal;
    if (!plan.caller?.aborted) return admission;
    admission.cancel();
    return refusal;
  });
}

function entryOf<A extends ResponseHead>({ endpoint }: CallPlan<A>, wish: Wish, now: number): Entry {
  return { ...wish, endpoint, now };
}

/** A call in the waiting room. */
class Visit<A extends ResponseHead> implements Visitor {
  readonly until: number;
  readonly #plan: CallPlan<A>;
  readonly #wish: Wish;

  constructor(plan: CallPlan<A>, wish: Wish, until: number) {
    this.until = until;
    this.#plan = plan;
    this.#wish = wish;
  }

  get isRetry(): boolean {
    return this.#wish.number > 1;
  }

  get signal(): AbortSignal | undefined {
    return this.#plan.caller?.signal;
  }

  enter(now: number): Admission | Refusal {
    const { scope, guards } = this.#plan;
    return scope?.enter(guards, entryOf(this.#plan, this.#wish, now)) ?? UNGUARDED;
  }
}
