/** Attempts may come to this share of the usual rate, which is an estimate. */
const SHARE = 0.8;
/** Attempts beyond that are made up for first; but no more than this many: older ones are forgotten. */
const DEBT = 20;

/**
 * Knows when fewer attempts are sent than calls usually come: then a retry adds nothing to the usual load.
 *
 * A caller that waits makes no other call. So where many attempts fail, callers that each make one call after another make fewer
 * calls, which bring fewer tokens for their retries: without this, the more of them there are the slower all would be.
 */
export class Spare {
  /** Monotonic: from when on there is room for one more attempt; `Infinity`: the usual rate is not known. */
  from = Number.POSITIVE_INFINITY;

  /** An attempt is sent. @param usual calls per second; 0: not known */
  sent(now: number, usual: number): void {
    const gap = 1_000 / (SHARE * usual);
    this.from =
      usual === 0 ? Number.POSITIVE_INFINITY : Math.min(Math.max(this.from, now) + gap, now + DEBT * gap);
  }
}
