import type { AttemptReason } from '../model/report.ts';
import type { Departure, Entry, Guard, Permit, Refusal } from './guard.ts';

/** A scope is lent retries again this long after it was last, in milliseconds, if it had an answer since. */
const AGAIN = 28_000;
/** … and this long for the retry of a refused attempt. */
const AGAIN_REFUSED = 52_000;
/**
 * Without an answer it is lent one single retry after once to twice this long, in milliseconds: else nothing could ever end its
 * trouble.
 */
const BLIND = 120_000;
/** Only so many retries of a loan are for all calls of the scope. The rest is for a call that stays alone, … */
const SHARED = 2;
/** … and takes its time: so many times as long as its pauses may be. */
const STRETCH = 2.5;
/** What a scope has saved beyond its reserve fades with this time constant, in milliseconds. */
const FADE = 2_000;
/** So many failures in a row are trouble; the answer that ends it brings a whole token. */
const TROUBLE = 3;
/** What the retry of an attempt that timed out costs while answers are slow: the silent one is likely to be queued, not lost. */
const SLOW_COST = 2.5;
/** What a retry that is refused again (by a 429, a 503 and their like) costs besides: the refusal took some of the service's work. */
const REFUSED_AGAIN = 1;
/** Answers are slow if they take this share of the time that an attempt has. */
const SLOW_SHARE = 0.25;
/** How much the latest answer tells of how long answers take. */
const LATEST = 0.2;
/** Ten tenths are one token, whatever floating point makes of them. */
const EPSILON = 1e-9;

/** What an attempt was paid with. A number above these: so many tokens were saved for it. */
const FREE: Permit = 0;
const LENT: Permit = -1;

export interface BudgetRule {
  /** Tokens that each answered call brings. */
  readonly ratio: number;
  /** Retries of a loan; and what a scope with little traffic may save up. */
  readonly reserve: number;
}

/**
 * A retry budget: each retry takes a token, and only answers bring tokens. So an outage earns no retries, and a retry that was
 * answered did no harm and gets its token back: what is limited is the waste.
 *
 * It starts empty, or a fleet of a thousand young clients would start a storm with a thousand full buckets. Instead, a scope is
 * lent `reserve` retries: the first time that it needs any, and again once it had an answer and some time has passed. So quiet
 * clients have retries, and what a fleet of them can add to an outage is one loan each.
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
  /** Milliseconds from this loan to the next, if there is no answer. */
  #blind = BLIND;
  /** Monotonic: when the last call began. */
  #begunAt = Number.NEGATIVE_INFINITY;
  /** Failures since the last answer. */
  #failures = 0;
  /** Milliseconds that answers take. */
  #latency = 0;
  #limit = Number.POSITIVE_INFINITY;

  constructor(rule: BudgetRule, random: () => number) {
    this.#rule = rule;
    this.#random = random;
  }

  /** Goes on by another rule, with what it has. */
  adopt(rule: BudgetRule): void {
    this.#rule = rule;
  }

  /** Only a retry is refused. */
  refusal(entry: Entry): Refusal | undefined {
    if (entry.number === 1 || this.#savings(entry.now) >= this.#cost(entry) - EPSILON) return undefined;
    const until = this.#lendableAt(entry);
    return until <= entry.now ? undefined : { by: 'budget', until, isFixed: this.#rule.ratio === 0 };
  }

  enter(entry: Entry): Permit {
    const { number, now } = entry;
    if (number === 1) {
      this.#begunAt = now;
      return FREE;
    }
    const cost = this.#cost(entry);
    this.#fade(now);
    if (this.#saved >= cost - EPSILON) {
      this.#saved -= cost;
      return cost;
    }
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
    // What never left cost the service nothing.
    if (!sent) this.cancel(permit);
  }

  cancel(permit: Permit): void {
    if (permit === LENT) this.#left += 1;
    else this.#saved += permit;
  }

  allowed(permit: Permit): string {
    if (permit === FREE) return 'first';
    return permit === LENT ? 'lent' : 'saved';
  }

  /** Retries that may be had: saved, and left of the last loan. */
  level(now: number): number {
    return this.#savings(now) + this.#left;
  }

  describe(now: number): string {
    return `budget ${this.level(now).toFixed(1)} retries`;
  }

  /** An answer that is not asked for again brings tokens. */
  #answered(permit: Permit, now: number, duration: number): void {
    const back = permit === LENT ? 1 : permit;
    const relief = this.#failures >= TROUBLE && this.#rule.ratio > 0 ? 1 : 0;
    this.#fade(now);
    this.#saved += this.#rule.ratio + Math.max(back, relief);
    this.#isTrusted = true;
    this.#failures = 0;
    this.#latency = this.#latency === 0 ? duration : this.#latency + LATEST * (duration - this.#latency);
  }

  #failed(permit: Permit, reason: AttemptReason): void {
    this.#failures += 1;
    const isPaid = permit !== FREE && permit !== LENT;
    if (isPaid && reason === 'status') this.#saved = Math.max(0, this.#saved - REFUSED_AGAIN);
  }

  #cost({ after }: Pick<Entry, 'after'>): number {
    return after === 'timeout' && this.#isSlow() ? SLOW_COST : 1;
  }

  #isSlow(): boolean {
    return this.#latency > SLOW_SHARE * this.#limit;
  }

  /** Monotonic: when a retry may be had without savings. */
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
    if (!this.#isTrusted) return this.#blind;
    return after === 'status' ? AGAIN_REFUSED : AGAIN;
  }

  #lend(now: number): void {
    this.#left = this.#isTrusted ? this.#rule.reserve : 1;
    this.#isTrusted = false;
    this.#lentAt = now;
    this.#blind = BLIND * (1 + this.#random());
  }

  /** Savings follow the traffic: they fade to about what two seconds of it bring, but not below the reserve. */
  #savings(now: number): number {
    const surplus = this.#saved - this.#rule.reserve;
    return surplus > 0 ? this.#rule.reserve + surplus * Math.exp((this.#savedAt - now) / FADE) : this.#saved;
  }

  #fade(now: number): void {
    this.#saved = this.#savings(now);
    this.#savedAt = now;
  }
}
