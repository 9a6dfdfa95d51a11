/** The dialects that come with the package. */
export type DialectName = 'default' | 'ietf' | 'stripe' | 'paypal' | 'adyen';

/** How one service wants idempotency keys. Plain data: spread one of `dialects` to make your own. */
export interface Dialect {
  /** The header that carries the key. */
  readonly header: string;
  /** `'plain'`: the key itself. `'structured'`: a structured-field string, in quotes (RFC 9651, section 3.3.3). */
  readonly format?: 'plain' | 'structured';
  /**
   * The methods whose repeats the server recognises by the key.
   * Methods that are idempotent anyway need none. Default: every method that is not.
   */
  readonly methods?: readonly string[];
  /** The longest key the server takes, in characters. Default: 255. A longer one is an error, never cut. */
  readonly maxLength?: number;
  /** How long the server remembers a key, in milliseconds. No retry is sent later than that. Default: a day. */
  readonly lifetime?: number;
  /** Statuses that, with a key, mean "the first one is still running, ask again". Default: `[409]`. */
  readonly retryStatuses?: readonly number[];
  /** Statuses that are never retried: the key was used with another payload. Default: `[422]`. */
  readonly finalStatuses?: readonly number[];
  /** A response header with which the server decides before any status rule: `true` retry, `false` don't. */
  readonly retryHeader?: string;
  /** Makes a fresh key. Default: UUID v4. Never build one from the time. */
  readonly generate?: () => string;
}
