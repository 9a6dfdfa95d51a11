/** The time constant of the mean, in milliseconds. */
const MEMORY = 10_000;
/** The rate of a younger scope is computed as if it were this old, in milliseconds. */
const YOUNG = 250;

/** The usual number of calls per second of a scope: an exponentially weighted mean. */
export class Rate {
  #weight = 0;
  #at: number;
  readonly #since: number;

  /** @param now monotonic */
  constructor(now: number) {
    this.#at = now;
    this.#since = now;
  }

  /** A call came. */
  count(now: number): void {
    this.#weight = this.#weightAt(now) + 1;
    this.#at = now;
  }

  /** Calls per second. */
  perSecond(now: number): number {
    const seen = 1 - Math.exp(-Math.max(YOUNG, now - this.#since) / MEMORY);
    return (1_000 * this.#weightAt(now)) / (MEMORY * seen);
  }

  #weightAt(now: number): number {
    return this.#weight * Math.exp((this.#at - now) / MEMORY);
  }
}
