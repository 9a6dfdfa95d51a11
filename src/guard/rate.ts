/** Fewer calls than this within the memory are too few to tell a rate from chance. */
const FEW = 20;
/** The rate of a younger scope is computed as if it were this old, in milliseconds. */
const YOUNG = 250;

/** The number of calls per second of a scope: an exponentially weighted mean. */
export class Rate {
  /** The time constant of the mean, in milliseconds. */
  readonly #memory: number;
  #weight = 0;
  #at: number;
  readonly #since: number;

  /** @param now monotonic */
  constructor(memory: number, now: number) {
    this.#memory = memory;
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
    return (1_000 * this.#weightAt(now)) / this.#wholeAt(now);
  }

  /** Whether enough calls came to tell. */
  isKnown(now: number): boolean {
    return this.#weightAt(now) >= FEW;
  }

  /** The rate is known to be at least this. */
  raise(perSecond: number, now: number): void {
    this.#weight = Math.max(this.#weightAt(now), (perSecond * this.#wholeAt(now)) / 1_000);
    this.#at = now;
  }

  /** The weight that one call per millisecond would have come to. */
  #wholeAt(now: number): number {
    return this.#memory * (1 - Math.exp(-Math.max(YOUNG, now - this.#since) / this.#memory));
  }

  #weightAt(now: number): number {
    return this.#weight * Math.exp((this.#at - now) / this.#memory);
  }
}
