/** So many calls in a row without an answer, and a destination that usually answers is taken to be down. */
const DOWN_AFTER = 3;
/** Where some calls always fail, more of them are needed, but no more than this. */
const DOWN_AT_LAST = 12;
/** So seldom, by sendings, may failures by chance look like an outage. */
const CHANCE = 1e-6;
/** What usually fails is reckoned over about so many sendings. */
const MEMORY = 100;
/** A call that failed so often, while others were answered, has a trouble of its own. */
const OWN_TROUBLE = 3;
/** Of so many calls at most it is remembered how often they failed. */
const REMEMBERED = 1_000;

/** What the ends of its sendings say about a destination: whether it is down, or only some calls to it fail. */
export class Health {
  /** The calls that failed since the last answer: one call that fails again and again is one. */
  readonly #failing = new Set<string>();
  /** How often a call failed before others were answered. */
  readonly #troubles = new Map<string, number>();
  /** The share of sendings that usually fail, reckoned from so many. */
  #share = 0;
  #known = 0;

  get isDown(): boolean {
    return this.#failing.size >= this.#needed;
  }

  answered(call: string): void {
    // What fails while it is down is not what usually fails.
    if (!this.isDown) for (const _ of this.#failing) this.#reckon(1);
    this.#reckon(0);
    for (const failed of this.#failing) this.#remember(failed);
    this.#failing.clear();
    this.#troubles.delete(call);
  }

  /** @returns false: this call has a trouble of its own, so its failure says nothing about the destination */
  failed(call: string): boolean {
    if ((this.#troubles.get(call) ?? 0) >= OWN_TROUBLE) return false;
    this.#failing.add(call);
    return true;
  }

  #reckon(failed: 0 | 1): void {
    this.#known = Math.min(MEMORY, this.#known + 1);
    this.#share += (failed - this.#share) / this.#known;
  }

  #remember(call: string): void {
    const failures = (this.#troubles.get(call) ?? 0) + 1;
    // The one that failed last stands last.
    this.#troubles.delete(call);
    this.#troubles.set(call, failures);
    const [first] = this.#troubles.keys();
    if (this.#troubles.size > REMEMBERED && first !== undefined) this.#troubles.delete(first);
  }

  /** A destination that does not answer most sendings gets no more patience than one of which nothing is known. */
  get #needed(): number {
    if (this.#share > 0.5) return DOWN_AFTER;
    const needed = Math.ceil(Math.log(CHANCE) / Math.log(this.#share));
    return Math.min(DOWN_AT_LAST, Math.max(DOWN_AFTER, needed));
  }
}
