/** A server's request for a pause holds for all calls of the scope if this many answers in a row asked for one, … */
const WORDS = 5;
/** … or this many and no good answer came for so long, in milliseconds; or if there was none at all. */
const FEW_WORDS = 3;
const QUIET = 1_000;

/** Decides whether a pause that a server asks for is meant for one call or for all calls of the scope. */
export class ServerWord {
  /** Monotonic: when the last good answer came. */
  #goodAt = Number.NEGATIVE_INFINITY;
  /** Answers since the last good one that asked for a pause. */
  #words = 0;

  /** A good answer came. */
  good(now: number): void {
    this.#goodAt = now;
    this.#words = 0;
  }

  /** An answer asks for a pause. @returns whether the pause is meant for all calls */
  asked(now: number): boolean {
    this.#words += 1;
    const quiet = now - this.#goodAt;
    return this.#words >= (quiet > QUIET ? FEW_WORDS : WORDS) || quiet === Number.POSITIVE_INFINITY;
  }

  /** Resets the count. */
  forget(): void {
    this.#words = 0;
  }

  /** A pause is over. No answer came in it, because nothing was sent: that says nothing about the next request for a pause. */
  resumed(now: number): void {
    this.#goodAt = now;
  }
}
