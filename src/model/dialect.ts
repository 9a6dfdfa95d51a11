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
  /**
   * How long the server remembers a key, in milliseconds. No retry is sent later than that. `false` (or `Infinity`): for
   * ever. Default: a day.
   */
  readonly lifetime?: number | false;
  /** Statuses that, with a key, mean "the first one is still running, ask again". Default: `[409]`. */
  readonly retryStatuses?: readonly number[];
  /** Statuses that are never retried: the key was used with another payload. Default: `[422]`. */
  readonly finalStatuses?: readonly number[];
  /** A response header with which the server decides before any status rule: `true` retry, `false` don't. */
  readonly retryHeader?: string;
  /** Makes a fresh key. Default: UUID v4. Never build one from the time. */
  readonly generate?: () => string;
  /**
   * Whether a repeat needs somebody who vouches for its key: the caller gave it, or a rule names the dialect. Default: false, a
   * key that was made by default is trusted.
   */
  readonly required?: boolean;
}

/** The default dialect, where no key is trusted that nobody vouches for. */
export interface RequiredKey {
  readonly required: true;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const POST = Object.freeze(['POST']);

/**
 * What each service says of its keys, as data; a member that is left out has the default that `Dialect` names.
 * Sources, and what each service does with a repeated key: docs/dialects.md.
 *
 * @example idempotency: { ...dialects.default, header: 'X-Request-Key', maxLength: 64 }
 */
export const dialects: Readonly<Record<DialectName, Dialect>> = Object.freeze({
  default: Object.freeze({ header: 'Idempotency-Key' }),
  /** draft-ietf-httpapi-idempotency-key-header: 409 is "still running", 422 "another payload". */
  ietf: Object.freeze({ header: 'Idempotency-Key', format: 'structured' }),
  /** API v1: 255 characters, 24 hours, 409 asks again. Another payload is a 400. */
  stripe: Object.freeze({
    header: 'Idempotency-Key',
    methods: POST,
    finalStatuses: Object.freeze([400]),
    retryHeader: 'stripe-should-retry',
  }),
  /** Each PayPal API has its own lifetime, from 3 hours to 45 days: the shortest is safe for all of them. */
  paypal: Object.freeze({
    header: 'PayPal-Request-Id',
    methods: POST,
    maxLength: 108,
    lifetime: 3 * HOUR,
    finalStatuses: Object.freeze([400, 422]),
  }),
  /**
   * 409 and 422 both stand for "still running" and for errors that stay: only the header can tell them apart.
   * The lifetime was 31 days and is now "a minimum of 7": the shorter one is safe.
   */
  adyen: Object.freeze({
    header: 'Idempotency-Key',
    methods: POST,
    maxLength: 64,
    lifetime: 7 * DAY,
    retryStatuses: Object.freeze([]),
    finalStatuses: Object.freeze([409, 422]),
    retryHeader: 'transient-error',
  }),
});
