/** The server's word counts for all calls of the scope if no good answer came for so long, in milliseconds, … */
const QUIET = 1_000;
/** … or if this many answers in a row asked for a pause. */
const WORDS = 3;

/** Whom a server means that asks for a pause: the call that it answers, or every call of the scope. */
export class ServerWord {
  /** Monotonic: the last good answer. */
  #goodAt = Number.NEGATIVE_INFINITY;
  /** Answers since the last good one that asked for a pause. */
  #words = 0;

  /** A good answer came. */
  good(now: number): void {
    this.#goodAt = now;
    this.#words = 0;
  }

  /** An answer asks for a pause. @returns whether the pause is meant for all */
  asked(now: number): boolean {
    this.#words += 1;
    return now - this.#goodAt > QUIET || this.#words >= WORDS;
  }

  /** The count starts anew. */
  forget(): void {
    this.#words = 0;
  }
}
