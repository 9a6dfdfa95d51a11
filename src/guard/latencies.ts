/** Each bucket is wider than the one before by this factor, so a quantile is too high by this factor at most. */
const GROWTH = 1.1;
/** The last bucket holds all latencies above about two hours. */
const BUCKETS = 168;
/** At this many latencies each weight is halved, so that a quantile is about the last one or two hundred. */
const FULL = 200;

/** The recent latencies: a histogram, whose memory does not depend on the number of answers. */
export class Latencies {
  readonly #counts = new Float32Array(BUCKETS);
  #total = 0;

  /** The weight of all latencies together. */
  get total(): number {
    return this.#total;
  }

  /** @param ms the latency of an answer, or the time that an attempt was given up after */
  add(ms: number): void {
    const bucket = ms <= 1 ? 0 : Math.ceil(Math.log(ms) / Math.log(GROWTH));
    const at = Math.min(bucket, BUCKETS - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total += 1;
    if (this.#total >= FULL) this.#fade();
  }

  /** Milliseconds within which this share of the answers came: not below the exact quantile, and at most a tenth above. */
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
