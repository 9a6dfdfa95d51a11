/** The number of calls whose attempts are averaged. So many that an outage does not make its retries usual. */
const AVERAGED = 500;
/** What this many calls took while none waited is what is usual. */
const CALM = 200;
/** No more attempts than this are usual for a call. */
const MOST = 1.5;

/**
 * How many attempts a call usually takes. How many it takes while calls wait is what the pace allows: to learn from that would make
 * the pace faster and faster, and a service that sheds load would never recover.
 */
export class UsualAttempts {
  #mean = 1;
  /** Attempts since the last call came. */
  #latest = 0;
  /** Calls that are in the mean. */
  #calls = 0;
  /** Calls that came while none waited. */
  #calm = 0;

  get perCall(): number {
    return Math.min(MOST, Math.max(1, this.#mean));
  }

  /** An attempt is sent. */
  sent(): void {
    this.#latest += 1;
  }

  /** A call comes. */
  came(isAnyWaiting: boolean): void {
    if (!isAnyWaiting) this.#calm += 1;
    // A young scope learns while calls wait, too: nothing else is known.
    if (!isAnyWaiting || this.#calm < CALM) {
      this.#calls = Math.min(this.#calls + 1, AVERAGED);
      this.#mean += (this.#latest - this.#mean) / this.#calls;
    }
    this.#latest = 0;
  }
}
