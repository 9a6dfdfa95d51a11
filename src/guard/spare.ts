import type { Departure } from './guard.ts';

/** Attempts may come to this share of the usual rate, which is an estimate. */
const SHARE = 0.8;
/** Attempts beyond that are made up for first; but no more than this many: older ones are forgotten. */
const DEBT = 20;
/** After this many failures in a row a retry is likely to be in vain. */
const IN_VAIN = 10;

/**
 * Knows when fewer attempts are sent than calls usually come: then a retry adds nothing to the usual load.
 *
 * A caller that waits makes no other call. So where many attempts fail, callers that each make one call after another make fewer
 * calls, which bring fewer tokens for their retries: without this, the more of them there are the slower all would be.
 */
export class Spare {
  #from = Number.POSITIVE_INFINITY;
  /** Failures since the last answer. */
  #failures = 0;

  /** Monotonic: from when on there is room for one more attempt; `Infinity`: the usual rate is not known, or no answer comes. */
  get from(): number {
    return this.#failures < IN_VAIN ? this.#from : Number.POSITIVE_INFINITY;
  }

  /** An attempt is sent. @param usual calls per second; 0: not known */
  sent(now: number, usual: number): void {
    const gap = 1_000 / (SHARE * usual);
    this.#from =
      usual === 0 ? Number.POSITIVE_INFINITY : Math.min(Math.max(this.#from, now) + gap, now + DEBT * gap);
  }

  /** An attempt is over. */
  ended({ outcome, reason }: Pick<Departure, 'outcome' | 'reason'>): void {
    if (outcome === 'success' && reason !== 'status') this.#failures = 0;
    else if (outcome === 'failure') this.#failures += 1;
  }
}
