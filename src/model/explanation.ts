/** A value that holds for a call, and where it comes from. */
export interface ExplainedValue {
  /** A part that is switched off is `false`. */
  readonly value: unknown;
  /**
   * Who said so: `'default'`, `'createFetch'`, `'extend'`, the endpoint rule as you wrote it, the call's own `'policy'`,
   * or a dialect, as in `'dialect "stripe"'`.
   */
  readonly from: string;
}

/** What becomes of a call's idempotency key. */
export interface KeyFate {
  /** The header that carries it; undefined: the policy says that the server ignores keys. */
  readonly header: string | undefined;
  /** Whether a fresh one is made where the caller gives none. */
  readonly made: boolean;
  /** Whether the server recognises a repeat by it. */
  readonly protects: boolean;
  /** The same in a sentence, and what it means for a retry. */
  readonly says: string;
}

/** What the rules come to for one method and URL. */
export interface Explanation {
  /** In upper case. */
  readonly method: string;
  /** Without credentials, query and fragment: rules don't look at them. */
  readonly url: string;
  /** The endpoint rule that matches, as you wrote it. */
  readonly endpoint: string | undefined;
  /** Whose breaker and budget the call uses; undefined: none. */
  readonly scope: string | undefined;
  /** What becomes of the idempotency key. */
  readonly key: KeyFate;
  /** By the option's path, such as `retry.attempts`. */
  readonly values: Readonly<Record<string, ExplainedValue>>;
}
