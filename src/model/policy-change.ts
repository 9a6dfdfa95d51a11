/** A value that an update changed. */
export interface PolicyChange {
  /** The path of the option, such as `retry.attempts` or `endpoints["POST https://…"].idempotency`. */
  readonly path: string;
  /**
   * The old value, as it was written; undefined: the option was absent. What JSON can't hold, such as a function, is shown as a
   * word.
   */
  readonly from: unknown;
  /** The new value, as it is written; undefined: the option is absent now. */
  readonly to: unknown;
}
