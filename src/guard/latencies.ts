/** Each bucket is that much wider than the one before: so far off is what is said of a latency, at most. */
const GROWTH = 1.1;
/** The last bucket holds whatever takes longer than about two hours. */
const BUCKETS = 168;
/** When so many are in, each counts for half: what is said is about the last hundred or two. */
const FULL = 200;

/** How long answers take of late: a histogram in as much memory for ten answers as for ten million. */
export class Latencies {
  readonly #counts = new Float32Array(BUCKETS);
  #total = 0;

  /** How much is known. */
  get total(): number {
    return this.#total;
  }

  /** @param ms how long an answer took; or, of one that was not waited for, how long it had not come */
  add(ms: number): void {
    const bucket = ms <= 1 ? 0 : Math.ceil(Math.log(ms) / Math.log(GROWTH));
    const at = Math.min(bucket, BUCKETS - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total += 1;
    if (this.#total >= FULL) this.#fade();
  }

  /** Milliseconds that this share of the answers take at most: no less than the truth, and a tenth more at most. */
  quantile(share: number): number {
    let left = share * this.#total;
    for (let at = 0; at < BUCKETS; at++) {
      left -= this.#counts[at] ?? 0;
      if (left <= 0) return GROWTH ** at;
    }
    return GROWTH ** BUCKETS;
  }

  #fade(): void {
    for (let at = 0; at < BUCKETS; at++) this.#counts[at] = (this.#counts[at] ?? 0) / 2;
    this.#total /= 2;
  }
}
