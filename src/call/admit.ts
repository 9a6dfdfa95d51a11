import { Admission, firstRefusal, type Wish } from '../guard/admission.ts';
import type { Entry, Refusal } from '../guard/guard.ts';
import type { Scope } from '../guard/scope.ts';
import type { Visitor } from '../guard/waiter.ts';
import type { GuardName } from '../model/events.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import { queuedEvent } from './call-events.ts';
import { decideOnRefusal, WORTHWHILE } from './decide.ts';
import type { CallPlan } from './plan.ts';
import { momentOf } from './rules.ts';

/** Where there is no limit, and so no queue of a chosen length, this many calls may wait for a quota. */
const PLACES = 20_000;
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
  // It may be this attempt's turn by then.
  if (refusal === undefined || refusal.isInLine) return undefined;
  return 'stop' in decideOnRefusal(refusal, plan.policy.patience, momentOf(plan, now)) ? refusal : undefined;
}

/**
 * Waits for room, if the call has patience. Called when nothing may be sent now. The guard that refuses may change: a breaker may
 * open while a call waits in line.
 */
function waitForRoom<A extends ResponseHead>(
  plan: CallPlan<A>,
  wish: Wish,
  refusal: Refusal,
  now: number,
): Promise<Admission | Refusal> {
  const { scope } = plan;
  const decision = decideOnRefusal(refusal, plan.policy.patience, momentOf(plan, now));
  if ('stop' in decision || scope === undefined) return Promise.resolve(refusal);
  const visit = new Visit(plan, wish, decision.roomUntil);
  const waited = refusal.isInLine
    ? standInLine(plan, scope, visit, refusal.by)
    : scope.room.wait(visit, scope.troubleOf(plan.endpoint, now));
  // Not an async function: thousands of calls may wait, and the frame of each is half a kilobyte.
  return waited.then((answer) => {
    if (answer === undefined) return refusal;
    if (!(answer instanceof Admission)) return waitForRoom(plan, wish, answer, now);
    if (!plan.caller?.aborted) return answer;
    answer.cancel();
    return refusal;
  });
}

/** Waits in the queue of the limit. */
function standInLine<A extends ResponseHead>(
  { emitter, record }: CallPlan<A>,
  scope: Scope,
  visit: Visit<A>,
  by: GuardName,
): Promise<Admission | Refusal | undefined> {
  const { limit, queued, inFlight } = scope;
  const answer = scope.line.wait(visit, limit?.places ?? PLACES);
  if (scope.queued > queued && emitter.has('queued')) {
    const { number } = visit;
    const event = queuedEvent(record, { by, number, inFlight, limit: limit?.concurrency, queued });
    emitter.emit('queued', event);
  }
  return answer;
}

function entryOf<A extends ResponseHead>(
  plan: CallPlan<A>,
  { number, after, span }: Wish,
  now: number,
  until?: number,
): Entry {
  const { endpoint, policy, scope } = plan;
  const spare = number > 1 ? scope?.spare : undefined;
  const entry = { number, after, span, endpoint, now, spare };
  if (!policy.quota) return entry;
  const latest = until ?? Math.min(now + policy.patience, momentOf(plan, now).deadline - WORTHWHILE);
  return { ...entry, latest };
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

  get priority(): number {
    return this.#plan.priority;
  }

  get number(): number {
    return this.#wish.number;
  }

  get isAfterTimeout(): boolean {
    return this.#wish.after === 'timeout';
  }

  get signal(): AbortSignal | undefined {
    return this.#plan.caller?.signal;
  }

  isFree(now: number): boolean {
    const refusal = firstRefusal(this.#plan.guards, this.#entry(now));
    return refusal === undefined || refusal.isInLine === true;
  }

  isProbe(): boolean {
    return this.#plan.scope?.isProbing(this.#plan.endpoint) === true;
  }

  enter(now: number): Admission | Refusal {
    const { scope, guards } = this.#plan;
    return scope?.enter(guards, this.#entry(now)) ?? UNGUARDED;
  }

  #entry(now: number): Entry {
    return entryOf(this.#plan, this.#wish, now, this.until);
  }
}
