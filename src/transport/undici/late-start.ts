/** A timer that is late by this share of the attempt's time, or more, tells that this process did not run: it was busy, or frozen. */
const AWAY = 0.1;
/** The least that tells it, in milliseconds: a process that does its work is late by less. */
const LEAST_AWAY = 100;

/**
 * An attempt that was not sent in its time, because this process did not run, has its time anew, once: its service was not asked in
 * time, and did nothing wrong.
 */
export class LateStart {
  readonly #limit: number;
  #isUsed = false;

  /** @param limit `timeout.attempt`, in milliseconds */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Whether the attempt has its time anew.
   * @param due when its time was over, monotonic
   * @param late milliseconds by which its timer was late
   * @param sentAt monotonic: when the request was sent; undefined: it was not
   */
  isGranted(due: number, late: number, sentAt: number | undefined): boolean {
    if (this.#isUsed || late < Math.max(LEAST_AWAY, AWAY * this.#limit)) return false;
    this.#isUsed = sentAt === undefined || sentAt >= due;
    return this.#isUsed;
  }
}
