import type { Departure, Entry, Guard, Permit, Refusal } from './guard.ts';

/** A call that begins this long after the one before it, in milliseconds, is alone: one a minute, give or take. */
const ALONE = 50_000;
/** Calls that begin within this many milliseconds of a call that is alone are one burst with it. */
const BURST = 250;
/** What a scope has saved beyond its reserve fades with this time constant, in milliseconds. */
const FADE = 2_000;
/** Ten tenths are one token, whatever floating point makes of them. */
const ONE = 1 - 1e-9;

/** What paid for an attempt. A first attempt costs nothing. */
const FREE: Permit = 0;
const SAVED: Permit = 1;
const LENT: Permit = 2;
/** Only an answer can end it. */
const EMPTY: Refusal = { by: 'budget', until: Number.POSITIVE_INFINITY };

export interface BudgetRule {
  /** Tokens that each answered call brings. */
  readonly ratio: number;
  /** Tokens that a call which is alone is lent; and what a scope with little traffic may save up. */
  readonly reserve: number;
}

/**
 * A retry budget: each retry takes a token, and only answers bring tokens. So an outage earns no retries, and a
 * retry that was answered did no harm and gets its token back: what is limited is the waste.
 *
 * It starts empty, or a fleet of a thousand young clients would start a storm with a thousand full buckets. Instead,
 * a call that is alone is lent `reserve` tokens; not to be saved, and not again before the scope had an answer.
 * That is all that a client making single calls needs, and a client with traffic is never alone.
 */
export class Budget implements Guard {
  readonly name = 'budget';
  #rule: BudgetRule;
  #saved = 0;
  #savedAt = 0;
  #lent = 0;
  #aloneAt = Number.NEGATIVE_INFINITY;
  #begunAt = Number.NEGATIVE_INFINITY;
  #trusted = true;

  constructor(rule: BudgetRule) {
    this.#rule = rule;
  }

  /** Goes on by another rule, with what it has. */
  adopt(rule: BudgetRule): void {
    this.#rule = rule;
  }

  /** Only a retry is refused. */
  refusal({ number, now }: Pick<Entry, 'number' | 'now'>): Refusal | undefined {
    return number === 1 || this.#lent >= 1 || this.#savings(now) >= ONE ? undefined : EMPTY;
  }

  enter({ number, now }: Pick<Entry, 'number' | 'now'>): Permit {
    if (number === 1) return this.#begin(now);
    this.#fade(now);
    if (this.#saved >= ONE) {
      this.#saved -= 1;
      return SAVED;
    }
    this.#lent -= 1;
    return LENT;
  }

  /** An answer that is not asked for again brings tokens. */
  leave(permit: Permit, { outcome, reason, now }: Pick<Departure, 'outcome' | 'reason' | 'now'>): void {
    if (outcome !== 'success' || reason === 'status') return;
    this.#trusted = true;
    this.#fade(now);
    this.#saved += this.#rule.ratio + (permit === SAVED ? 1 : 0);
  }

  cancel(permit: Permit): void {
    if (permit === SAVED) this.#saved += 1;
    if (permit === LENT) this.#lent += 1;
  }

  allowed(permit: Permit): string {
    if (permit === FREE) return 'first';
    return permit === SAVED ? 'saved' : 'lent';
  }

  describe(now: number): string {
    return `budget ${(this.#savings(now) + this.#lent).toFixed(1)} retries`;
  }

  /** A logical call begins. */
  #begin(now: number): Permit {
    if (now - this.#begunAt >= ALONE) {
      this.#aloneAt = now;
      this.#lent = this.#trusted ? this.#rule.reserve : 0;
      this.#trusted = false;
    } else if (now - this.#aloneAt > BURST) {
      this.#lent = 0;
    }
    this.#begunAt = now;
    return FREE;
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
