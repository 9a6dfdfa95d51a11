/** A lull has lasted for this many usual gaps … */
const LONG = 10;
/** … and for this long at least, in milliseconds. */
const LEAST = 25;
/** The weight of the latest gap in the mean. */
const LATEST = 0.2;
/** Fewer gaps than this tell nothing of what is usual … */
const FEW = 4;
/** … but so many that are next to none tell that one call follows the other. */
const FEW_TINY = 2;

/**
 * Knows when nothing is sent for much longer than usual, as when the callers themselves wait: workers that make one call after
 * another make no call, and so bring no answer, while all of them wait for a retry.
 *
 * The gap before a call is the time since the last call came or settled. So it is short for workers, however long their calls take
 * or wait, and however they end.
 */
export class Lull {
  /** The mean gap before a call, in milliseconds. */
  #gap = 0;
  #gaps = 0;
  /** Monotonic. */
  #movedAt: number | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** A logical call comes. */
  came(now: number): void {
    if (this.#movedAt !== undefined) {
      // A pause between two batches is no usual gap.
      const gap = Math.min(now - this.#movedAt, this.#isKnown ? this.#length : Number.POSITIVE_INFINITY);
      this.#gaps += 1;
      this.#gap += Math.max(LATEST, 1 / this.#gaps) * (gap - this.#gap);
    }
    this.#movedAt = now;
  }

  /** An attempt is sent. */
  sent(now: number): void {
    this.#sentAt = now;
  }

  /** A logical call has settled. */
  settled(now: number): void {
    this.#movedAt = now;
  }

  /** Monotonic: from when on it is one, if nothing is sent until then. */
  get from(): number {
    return this.#isKnown ? this.#sentAt + this.#length : Number.POSITIVE_INFINITY;
  }

  get #isKnown(): boolean {
    return this.#gaps >= (LONG * this.#gap <= LEAST ? FEW_TINY : FEW);
  }

  get #length(): number {
    return Math.max(LEAST, LONG * this.#gap);
  }
}
