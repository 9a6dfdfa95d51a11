/** A call that begins this long after the one before it, in milliseconds, is alone: one a minute, give or take. */
const ALONE = 50_000;
/** Calls that begin within this many milliseconds of a call that is alone are one burst with it. */
const BURST = 250;
/** What a scope has saved beyond its reserve fades with this time constant, in milliseconds. */
const FADE = 2_000;
/** Ten tenths are one token, whatever floating point makes of them. */
const ONE = 1 - 1e-9;

export interface BudgetRule {
  /** Tokens that each answered call brings. */
  readonly ratio: number;
  /** Tokens that a call which is alone is lent; and what a scope with little traffic may save up. */
  readonly reserve: number;
}

/** The permission for one retry, by where it came from. */
export type Token = 'saved' | 'lent';

/**
 * A retry budget: each retry takes a token, and only answers bring tokens. So an outage earns no retries, and a
 * retry that was answered did no harm and gets its token back: what is limited is the waste.
 *
 * It starts empty, or a fleet of a thousand young clients would start a storm with a thousand full buckets. Instead,
 * a call that is alone is lent `reserve` tokens; not to be saved, and not again before the scope had an answer.
 * That is all that a client making single calls needs, and a client with traffic is never alone.
 */
export class Budget {
  #saved = 0;
  #savedAt = 0;
  #lent = 0;
  #aloneAt = Number.NEGATIVE_INFINITY;
  #begunAt = Number.NEGATIVE_INFINITY;
  #trusted = true;

  /** A logical call begins. */
  begin(rule: BudgetRule, now: number): void {
    if (now - this.#begunAt >= ALONE) {
      this.#aloneAt = now;
      this.#lent = this.#trusted ? rule.reserve : 0;
      this.#trusted = false;
    } else if (now - this.#aloneAt > BURST) {
      this.#lent = 0;
    }
    this.#begunAt = now;
  }

  /** True if `withdraw` would give nothing. */
  isEmpty(rule: BudgetRule, now: number): boolean {
    this.#fade(rule, now);
    return this.#saved < ONE && this.#lent < 1;
  }

  /** Takes the token of one retry; undefined if there is none. */
  withdraw(rule: BudgetRule, now: number): Token | undefined {
    this.#fade(rule, now);
    if (this.#saved >= ONE) {
      this.#saved -= 1;
      return 'saved';
    }
    if (this.#lent >= 1) {
      this.#lent -= 1;
      return 'lent';
    }
    return undefined;
  }

  /** A call was answered; `token` is what paid for its last attempt, if that was a retry. */
  answered(rule: BudgetRule, now: number, token: Token | undefined): void {
    this.#trusted = true;
    this.#fade(rule, now);
    this.#saved += rule.ratio + (token === 'saved' ? 1 : 0);
  }

  /** So that savings follow the traffic: about what two seconds of it bring, but at least the reserve. */
  #fade(rule: BudgetRule, now: number): void {
    const surplus = this.#saved - rule.reserve;
    if (surplus > 0) this.#saved = rule.reserve + surplus * Math.exp((this.#savedAt - now) / FADE);
    this.#savedAt = now;
  }
}
