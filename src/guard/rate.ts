/** The rate of a younger scope is computed as if it were this old, in milliseconds. */
const YOUNG = 250;

/** The usual number of something per second: an exponentially weighted mean. */
export class Rate {
  #weight = 0;
  #at: number;
  readonly #since: number;
  readonly #memory: number;

  /**
   * @param now monotonic
   * @param memory the time constant of the mean, in milliseconds
   */
  constructor(now: number, memory: number) {
    this.#at = now;
    this.#since = now;
    this.#memory = memory;
  }

  /** One more. */
  count(now: number): void {
    this.#weight = this.#weightAt(now) + 1;
    this.#at = now;
  }

  perSecond(now: number): number {
    const seen = 1 - Math.exp(-Math.max(YOUNG, now - this.#since) / this.#memory);
    return (1_000 * this.#weightAt(now)) / (this.#memory * seen);
  }

  #weightAt(now: number): number {
    return this.#weight * Math.exp((this.#at - now) / this.#memory);
  }
}
