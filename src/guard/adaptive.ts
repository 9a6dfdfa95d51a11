import type { Departure } from './guard.ts';

/** The limit of a scope of which nothing is known yet. */
const START = 20;
const LEAST = 1;
const MOST = 1_000;
/** A refusal comes early: the service has a little too much. The limit is multiplied by this. */
const REFUSED = 0.9;
/** A timeout comes late: the service has had too much for some time. */
const TIMED_OUT = 0.7;
/** The statuses of a service that has too much: too many requests, unavailable, overloaded (Anthropic's). */
const OVERLOADED: ReadonlySet<number | undefined> = new Set([429, 503, 529]);

/** What an attempt says about the load of the service. */
export type Sign = Pick<Departure, 'outcome' | 'reason' | 'told' | 'now'>;

/**
 * Additive increase, multiplicative decrease: a limit that follows the capacity of a service, as TCP follows that of a path.
 *
 * Each round trip of answers adds one attempt, as long as the limit holds attempts back. All attempts of one round trip tell the
 * same news, so one of them cuts the limit, and those that were sent before the cut do not cut it again.
 */
export class AdaptiveLimit {
  #limit = START;
  /** Monotonic: the last cut. */
  #cutAt = Number.NEGATIVE_INFINITY;

  /** The whole number of attempts that may run at the same time. */
  get concurrency(): number {
    return Math.floor(this.#limit);
  }

  /**
   * An attempt ended.
   *
   * @param began monotonic: when it was let in
   * @param wasFull whether as many attempts ran as may
   */
  learn(began: number, { outcome, reason, told, now }: Sign, wasFull: boolean): void {
    if (OVERLOADED.has(told.status)) this.#cut(began, now, REFUSED);
    else if (reason === 'timeout' && outcome === 'failure') this.#cut(began, now, TIMED_OUT);
    else if (outcome === 'success' && wasFull) {
      this.#limit = Math.min(MOST, this.#limit + 1 / this.#limit);
    }
  }

  #cut(began: number, now: number, factor: number): void {
    if (began <= this.#cutAt) return;
    this.#cutAt = now;
    this.#limit = Math.max(LEAST, this.#limit * factor);
  }
}
