/** Tokens that traffic can save up: about this many retries may follow a quiet stretch at once. */
const SAVINGS = 10;
/** How long one token of the reserve takes to come back, in milliseconds. */
const RESERVE_REFILL = 10_000;

export interface BudgetRule {
  /** Tokens that each call brings. */
  readonly ratio: number;
  /** Tokens that are there without any traffic, and come back with time. */
  readonly reserve: number;
}

/**
 * A retry budget: each retry takes a token. Calls bring tokens in proportion, so in the long run retries are a
 * fraction of calls; a small reserve, refilled by time alone, lets a client that calls once a minute retry too.
 */
export class Budget {
  #saved = 0;
  #reserve: number;
  #refilledAt: number;

  constructor(rule: BudgetRule, now: number) {
    this.#reserve = rule.reserve;
    this.#refilledAt = now;
  }

  /** A new logical call was begun. */
  deposit(rule: BudgetRule): void {
    this.#saved = Math.min(SAVINGS, this.#saved + rule.ratio);
  }

  /** Takes the token of one retry; false if there is none. */
  withdraw(rule: BudgetRule, now: number): boolean {
    this.#reserve = Math.min(rule.reserve, this.#reserve + (now - this.#refilledAt) / RESERVE_REFILL);
    this.#refilledAt = now;
    if (this.#saved >= 1) {
      this.#saved -= 1;
      return true;
    }
    if (this.#reserve >= 1) {
      this.#reserve -= 1;
      return true;
    }
    return false;
  }
}
