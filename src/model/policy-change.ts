/** A value that an update changed. */
export interface PolicyChange {
  /** The option's path, such as `retry.attempts` or `endpoints["POST https://…"].idempotency`. */
  readonly path: string;
  /** As it was written; undefined: it was not. A function or another object that JSON can't hold is a word for it. */
  readonly from: unknown;
  /** As it is written now; undefined: it is left out. */
  readonly to: unknown;
}
