import type { AttemptReason } from '../model/report.ts';
import type { Departure, Entry, Guard, Permit, Refusal } from './guard.ts';

/** Milliseconds from one loan to the next, if the scope had an answer in between. */
const AGAIN = 28_000;
/** The same before the retry of an attempt that was refused (by its status). */
const AGAIN_REFUSED = 90_000;
/** Both times are jittered by up to this share, so that a fleet whose loans were used up together does not borrow together again. */
const JITTER = 0.4;
/**
 * Without any answer since the last loan, the scope gets a loan of a single retry after one to two times this, in milliseconds.
 * Without such a loan no retry, and so no answer, could ever end its trouble.
 */
const BLIND = 120_000;
/** This many retries of a loan are for all calls of the scope. The others are for a call that stays alone in the scope … */
const SHARED = 2;
/** … for this many times its longest pauses together. */
const STRETCH = 2.5;
/** Savings beyond the reserve decay with this time constant, in milliseconds. */
const FADE = 2_000;
/** This many failures in a row are trouble. The answer that ends the trouble brings one whole token. */
const TROUBLE = 3;
/**
 * The price of a retry after a timeout while answers are slow: the silent attempt is probably queued at the service, not lost.
 */
const SLOW_COST = 2.5;
/** The extra price of a retry that is refused again (429, 503 and similar): the refusal cost the service some work. */
const REFUSED_AGAIN = 2;
/** Answers are slow if they take this share of the time that an attempt may take. */
const SLOW_SHARE = 0.25;
/** The weight of the latest answer in the mean latency. */
const LATEST = 0.2;
/** Tolerance for floating point: ten times a tenth counts as one token. */
const EPSILON = 1e-9;

/** What an attempt was paid with. A positive permit is the number of saved tokens that it cost. */
const FREE: Permit = 0;
const LENT: Permit = -1;
/** A retry in the place of a call that did not come. */
const SPARE: Permit = -2;

export interface BudgetRule {
  /** Tokens that each answered call brings. */
  readonly ratio: number;
  /** Retries of a loan; also the most that a scope with little traffic saves up. */
  readonly reserve: number;
}

/**
 * A retry budget: each retry takes a token, and only answers bring tokens. So an outage earns no retries. A retry that is
 * answered gets its token back, because it did no harm: the budget limits only the retries that are in vain.
 *
 * The budget starts empty, because a fleet of a thousand new clients with full buckets could start a storm. Instead, a scope gets
 * a loan of `reserve` retries when it first needs one; again when one of these is answered; and after some time if it had another
 * answer since. So quiet clients have retries, and a fleet of them adds at most one loan each to an outage.
 *
 * Where less than the usual load is sent, a retry costs nothing (`spare.ts`, `lull.ts`). Without that, workers that make one call
 * after another could all wait for tokens, and no call would be left to bring any.
 */
export class Budget implements Guard {
  readonly name = 'budget';
  #rule: BudgetRule;
  readonly #random: () => number;
  #saved = 0;
  #savedAt = 0;
  /** Monotonic: when the last loan was given. */
  #lentAt = Number.NEGATIVE_INFINITY;
  /** Retries of the last loan that are not taken yet. */
  #left = 0;
  #isTrusted = true;
  /** Random, drawn for each loan, from 0 to 1. */
  #chance = 0;
  /** Monotonic: when the last call began. */
  #begunAt = Number.NEGATIVE_INFINITY;
  /** Failures since the last answer. */
  #failures = 0;
  /** The mean latency of answers, in milliseconds. */
  #latency = 0;
  #limit = Number.POSITIVE_INFINITY;

  constructor(rule: BudgetRule, random: () => number) {
    this.#rule = rule;
    this.#random = random;
  }

  /** Replaces the rule and keeps the state. */
  adopt(rule: BudgetRule): void {
    this.#rule = rule;
  }

  /** A first attempt is never refused. A hedge is paid from savings only, never from a loan. */
  refusal(entry: Entry): Refusal | undefined {
    if (isFirst(entry) || this.#savings(entry.now) >= this.#cost(entry) - EPSILON) return undefined;
    const until = entry.isHedge
      ? Number.POSITIVE_INFINITY
      : Math.min(this.#lendableAt(entry), this.#spareAt(entry));
    return until <= entry.now ? undefined : { by: 'budget', until, isFixed: this.#rule.ratio === 0 };
  }

  enter(entry: Entry): Permit {
    const { now } = entry;
    if (isFirst(entry)) {
      this.#begunAt = now;
      return FREE;
    }
    const cost = this.#cost(entry);
    this.#fade(now);
    if (this.#saved >= cost - EPSILON) {
      this.#saved -= cost;
      return cost;
    }
    if (now >= this.#spareAt(entry)) return SPARE;
    if (this.#left === 0 || now >= this.#lentAt + this.#next(entry.after)) this.#lend(now);
    this.#left -= 1;
    return LENT;
  }

  leave(
    permit: Permit,
    departure: Pick<Departure, 'outcome' | 'reason' | 'now' | 'duration' | 'sent' | 'limit'>,
  ): void {
    const { outcome, reason, now, duration, sent, limit } = departure;
    this.#limit = limit;
    if (outcome === 'success' && reason !== 'status') this.#answered(permit, now, duration);
    else if (outcome === 'failure') this.#failed(permit, reason);
    // A request that never left cost the service nothing.
    if (!sent) this.cancel(permit);
  }

  cancel(permit: Permit): void {
    if (permit === LENT) this.#left += 1;
    else if (permit !== SPARE) this.#saved += permit;
  }

  allowed(permit: Permit): string {
    if (permit === FREE) return 'first';
    if (permit === SPARE) return 'spare';
    return permit === LENT ? 'lent' : 'saved';
  }

  /** Retries that the budget allows now: savings, and the rest of the last loan. */
  level(now: number): number {
    return this.#savings(now) + this.#left;
  }

  describe(now: number): string {
    return `budget ${this.level(now).toFixed(1)} retries`;
  }

  /** An answer that is not retried brings tokens. */
  #answered(permit: Permit, now: number, duration: number): void {
    const isEarning = this.#rule.ratio > 0;
    // A loan that is paid back may be given again at once.
    if (permit === LENT && isEarning) this.#lentAt = Number.NEGATIVE_INFINITY;
    const back = permit === LENT ? 1 : Math.max(0, permit);
    const relief = this.#failures >= TROUBLE && isEarning ? 1 : 0;
    this.#fade(now);
    this.#saved += this.#rule.ratio + Math.max(back, relief);
    this.#isTrusted = true;
    this.#failures = 0;
    this.#latency = this.#latency === 0 ? duration : this.#latency + LATEST * (duration - this.#latency);
  }

  #failed(permit: Permit, reason: AttemptReason): void {
    this.#failures += 1;
    const isPaid = permit > FREE;
    if (isPaid && reason === 'status') this.#saved = Math.max(0, this.#saved - REFUSED_AGAIN);
  }

  #cost({ after }: Pick<Entry, 'after'>): number {
    return after === 'timeout' && this.#isSlow() ? SLOW_COST : 1;
  }

  #isSlow(): boolean {
    return this.#latency > SLOW_SHARE * this.#limit;
  }

  /** Monotonic: when a retry adds nothing to the usual load. A silent attempt may still be queued at a slow service. */
  #spareAt({ after, spare = Number.POSITIVE_INFINITY }: Pick<Entry, 'after' | 'spare'>): number {
    const isNever = this.#rule.ratio === 0 || (after === 'timeout' && this.#isSlow());
    return isNever ? Number.POSITIVE_INFINITY : spare;
  }

  /** Monotonic: when a retry is allowed without savings. */
  #lendableAt({ after, span }: Pick<Entry, 'after' | 'span'>): number {
    if (this.#rule.reserve === 0 || (after === 'timeout' && this.#isSlow())) return Number.POSITIVE_INFINITY;
    if (this.#left > 0) {
      const isShared = this.#rule.reserve - this.#left < SHARED || after === 'timeout';
      if (isShared) return this.#lentAt;
      if (this.#begunAt <= this.#lentAt) return this.#lentAt + STRETCH * span;
    }
    return this.#lentAt + this.#next(after);
  }

  /** Milliseconds from one loan to the next. */
  #next(after: Entry['after']): number {
    if (!this.#isTrusted) return BLIND * (1 + this.#chance);
    return (after === 'status' ? AGAIN_REFUSED : AGAIN) * (1 + JITTER * (2 * this.#chance - 1));
  }

  #lend(now: number): void {
    this.#left = this.#isTrusted ? this.#rule.reserve : 1;
    this.#isTrusted = false;
    this.#lentAt = now;
    this.#chance = this.#random();
  }

  /** The savings now. They decay to about what two seconds of traffic bring, but not below the reserve. */
  #savings(now: number): number {
    const surplus = this.#saved - this.#rule.reserve;
    return surplus > 0 ? this.#rule.reserve + surplus * Math.exp((this.#savedAt - now) / FADE) : this.#saved;
  }

  #fade(now: number): void {
    this.#saved = this.#savings(now);
    this.#savedAt = now;
  }
}

function isFirst({ number, isHedge }: Entry): boolean {
  return number === 1 && !isHedge;
}
