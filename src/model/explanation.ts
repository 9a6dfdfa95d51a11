/** A value that applies to a call, and its source. */
export interface ExplainedValue {
  /** The value; `false` if that part is switched off. */
  readonly value: unknown;
  /**
   * Where the value is set: `'default'`, `'createFetch'`, `'extend'`, the endpoint rule as you wrote it, the call's own
   * `'policy'`, or a dialect, as in `'dialect "stripe"'`.
   */
  readonly from: string;
}

/** What happens to the idempotency key of a call. */
export interface KeyFate {
  /** The header that carries the key; undefined: the policy says that the server ignores keys. */
  readonly header: string | undefined;
  /** Whether steadfetch makes a key if the caller gives none. */
  readonly made: boolean;
  /** Whether the server recognises a repeat by the key. */
  readonly protects: boolean;
  /** The same in one sentence, and what it means for a retry. */
  readonly says: string;
}

/** The rules that apply to one method and URL. */
export interface Explanation {
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The URL without credentials, query and fragment, because rules do not look at these. */
  readonly url: string;
  /** The endpoint rule that matches, as you wrote it; undefined: no rule matches. */
  readonly endpoint: string | undefined;
  /** The scope whose breaker and budget the call uses; undefined: neither is used. */
  readonly scope: string | undefined;
  /** What happens to the idempotency key. */
  readonly key: KeyFate;
  /** Each value by the path of its option, such as `retry.attempts`. */
  readonly values: Readonly<Record<string, ExplainedValue>>;
}
