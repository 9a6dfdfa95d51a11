/** The dialects that come with the package. */
export type DialectName = 'default' | 'ietf' | 'stripe' | 'paypal' | 'adyen';

/** How a service takes idempotency keys. Plain data: spread one of `dialects` to make your own. */
export interface Dialect {
  /** The header that carries the key. */
  readonly header: string;
  /** `'plain'` (the default): the key itself. `'structured'`: a structured-field string, in quotes (RFC 9651, section 3.3.3). */
  readonly format?: 'plain' | 'structured';
  /**
   * The methods for which the server recognises a repeat by the key. Idempotent methods need no key. Default: every method that
   * is not idempotent.
   */
  readonly methods?: readonly string[];
  /** The longest key that the server takes, in characters. Default: 255. A longer key is an error; keys are never cut. */
  readonly maxLength?: number;
  /**
   * How long the server remembers a key, in milliseconds. Retries are only sent within this time. `false` (or `Infinity`): for
   * ever. Default: one day.
   */
  readonly lifetime?: number | false;
  /** Statuses that mean, on a request with a key, "the first request is still running, ask again". Default: `[409]`. */
  readonly retryStatuses?: readonly number[];
  /** Statuses that are never retried on a request with a key: the key was used with another payload. Default: `[422]`. */
  readonly finalStatuses?: readonly number[];
  /** A response header that decides before any rule on statuses: the value `true` retries, `false` does not. Default: none. */
  readonly retryHeader?: string;
  /** Makes a fresh key. Default: a UUID v4. Do not derive keys from the time: two calls could have the same key. */
  readonly generate?: () => string;
  /**
   * Whether a repeat needs a key that is vouched for: the caller gave it, or a rule names the dialect. Default: false, so a key
   * that was made by default is enough.
   */
  readonly required?: boolean;
}

/** The default dialect, for calls that may be repeated only with a key that is vouched for: see `Dialect.required`. */
export interface RequiredKey {
  readonly required: true;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const POST = Object.freeze(['POST']);

/**
 * The rules of each service for its keys, as data. A member that is left out has the default that `Dialect` names.
 * docs/dialects.md has the sources, and what each service does with a repeated key.
 *
 * @example idempotency: { ...dialects.default, header: 'X-Request-Key', maxLength: 64 }
 */
export const dialects: Readonly<Record<DialectName, Dialect>> = Object.freeze({
  default: Object.freeze({ header: 'Idempotency-Key' }),
  /** draft-ietf-httpapi-idempotency-key-header: 409 is "still running", 422 is "another payload". */
  ietf: Object.freeze({ header: 'Idempotency-Key', format: 'structured' }),
  /** API v1: 255 characters, 24 hours, 409 is "ask again". Another payload is a 400. */
  stripe: Object.freeze({
    header: 'Idempotency-Key',
    methods: POST,
    finalStatuses: Object.freeze([400]),
    retryHeader: 'stripe-should-retry',
  }),
  /** Each PayPal API has its own lifetime, from 3 hours to 45 days. The shortest is safe for all of them. */
  paypal: Object.freeze({
    header: 'PayPal-Request-Id',
    methods: POST,
    maxLength: 108,
    lifetime: 3 * HOUR,
    finalStatuses: Object.freeze([400, 422]),
  }),
  /**
   * 409 and 422 both stand for "still running" and for errors that stay: only the header can tell them apart. The documented
   * lifetime was 31 days and is now "a minimum of 7". The shorter one is safe.
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
