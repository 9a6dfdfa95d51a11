/** A server's request for a pause holds for all calls of the scope if at least this many answers in a row asked for one, … */
const WORDS = 5;
/** … or this many and no good answer came for so long, in milliseconds. */
const FEW_WORDS = 3;
const QUIET = 1_000;
/** Where some answers ask for a pause all the time, so many in a row must be less likely than this by chance, … */
const CHANCE = 1e-6;
/** … or be this many. */
const MOST_WORDS = 50;
/** The weight of the latest good answer in the share of those that are followed by such a word. */
const LATEST = 0.005;

/** Decides whether a pause that a server asks for is meant for one call or for all calls of the scope. */
export class ServerWord {
  /** Monotonic: when the last good answer came, or else the first word. */
  #goodAt: number | undefined;
  /** Answers since the last good one that asked for a pause. */
  #words = 0;
  /** Whether the words since the last good answer are all there were. */
  #isWhole = false;
  /**
   * The share of good answers after which the next answer asks for a pause. It is high where some calls are refused at any time, and low
   * where all are refused for a while, however long.
   */
  #share = 0;
  #seen = 0;

  /** A good answer came. */
  good(now: number): void {
    if (this.#isWhole) this.#see(this.#words > 0 ? 1 : 0);
    this.#isWhole = true;
    this.#goodAt = now;
    this.#words = 0;
  }

  /**
   * An answer asks for a pause. @returns whether the pause is meant for all calls
   *
   * @param underWay attempts that may be answered yet: quick refusals come before slow answers
   */
  asked(now: number, underWay: number): boolean {
    this.#words += 1;
    this.#goodAt ??= now;
    const least = now - this.#goodAt > QUIET ? FEW_WORDS : WORDS;
    return this.#words >= Math.max(least, this.#beyondChance, underWay + 1);
  }

  /** Resets the count. */
  forget(): void {
    this.#words = 0;
    this.#isWhole = false;
  }

  /** A pause is over. No answer came in it, because nothing was sent: that says nothing about the next request for a pause. */
  resumed(now: number): void {
    this.#goodAt = now;
  }

  /** So many words in a row are no chance. */
  get #beyondChance(): number {
    return Math.min(MOST_WORDS, Math.log(CHANCE) / Math.log(this.#share));
  }

  #see(asked: 0 | 1): void {
    this.#seen += 1;
    this.#share += Math.max(LATEST, 1 / (this.#seen + 1)) * (asked - this.#share);
  }
}
