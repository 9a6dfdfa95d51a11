import type { CallUrl } from '../http/call-url.ts';
import type { SteadInit } from '../model/options.ts';
import type { ResolvedDialect } from '../model/policy.ts';
import { fail, show } from '../options/checks.ts';
import { v5 as uuidv5 } from '../platform/uuid.ts';

/** What the key of a call is made from. */
export interface KeyRequest {
  /** The method as it is sent: methods are case-sensitive. */
  readonly method: string;
  readonly url: CallUrl;
  /** The caller's `idempotencyKey`. */
  readonly given: SteadInit['idempotencyKey'];
  /** The value of the dialect's header in the caller's request; undefined: the caller did not set it. */
  readonly header: string | undefined;
  /** `false`: the server ignores keys. */
  readonly dialect: ResolvedDialect | false;
}

/** The key of one logical call, the same on every attempt. */
export interface CallKey {
  /** The key itself, as the report shows it. */
  readonly key: string;
  /** The value for the dialect's header; undefined: the caller has set the header. */
  readonly headerValue: string | undefined;
}

/** RFC 9110, section 9.2.2. QUERY is draft-ietf-httpbis-safe-method-w-body. */
const idempotentMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
  'QUERY',
]);

/** The namespace of every key that is made of business values. Never change this: the same values would get another key. */
const NAMESPACE = '189d01b3-c90e-4725-80a4-ba78f1edea49';

/** Whether repeats of this method are harmless without a key. */
export function isIdempotentMethod(method: string): boolean {
  return idempotentMethods.has(method);
}

/** Whether the server recognises a repeat of this method by its key. */
export function protects(dialect: ResolvedDialect | false, method: string): boolean {
  return dialect !== false && (dialect.methods?.has(method) ?? !isIdempotentMethod(method));
}

/**
 * The key for a call: the caller's own, a key made of the caller's business values, or a fresh one. Undefined if the call has no
 * key, because the method needs none or the server ignores keys.
 *
 * @throws {TypeError} The dialect can't carry the key, or the caller gave two different keys.
 */
export function keyFor({ method, url, given, header, dialect }: KeyRequest): CallKey | undefined {
  if (dialect === false) {
    if (given === undefined) return undefined;
    throw new TypeError(
      'idempotencyKey was given, but idempotency is false here: the server ignores keys. ' +
        'Leave the key out, or name the dialect that the server honours',
    );
  }
  if (header !== undefined) {
    const key = checkKey(readHeader(header, dialect), `the ${dialect.header} header`, dialect);
    if (given !== undefined && givenKey(given, method, url, dialect) !== key) {
      throw new TypeError(
        `idempotencyKey and the ${dialect.header} header hold different keys; give one of them, or the same twice`,
      );
    }
    return { key, headerValue: undefined };
  }
  if (given !== undefined) return withHeader(givenKey(given, method, url, dialect), dialect);
  if (isIdempotentMethod(method) || !protects(dialect, method)) return undefined;
  const made: unknown = dialect.generate();
  if (typeof made !== 'string')
    fail('idempotency.generate', 'a function that returns a non-empty string', made);
  return withHeader(checkKey(made, 'the key from idempotency.generate', dialect), dialect);
}

function givenKey(
  given: NonNullable<KeyRequest['given']>,
  method: string,
  url: CallUrl,
  dialect: ResolvedDialect,
): string {
  if (typeof given === 'string') return checkKey(given, 'idempotencyKey', dialect);
  return checkKey(businessKey(given, method, url), 'the UUID made of idempotencyKey', dialect);
}

/**
 * The same values must give the same key after a restart, and whichever rule matches. So the scope of the key is what is sent
 * (method, origin, path) and not how the endpoint is configured. JSON keeps 1 and '1' apart, and commas.
 */
function businessKey(values: readonly (string | number)[], method: string, url: CallUrl): string {
  if (!Array.isArray(values)) {
    throw new TypeError(
      `idempotencyKey must be a string, or an array of strings and numbers, got ${show(values)}${instead(values)}`,
    );
  }
  if (values.length === 0) {
    throw new TypeError('idempotencyKey must have at least one value, got []');
  }
  // By index, because `forEach` skips the holes of a sparse array.
  for (let index = 0; index < values.length; index += 1) {
    const value: unknown = values[index];
    if (!(typeof value === 'string' ? value !== '' : Number.isFinite(value))) {
      throw new TypeError(
        `idempotencyKey[${index}] must be a non-empty string or a finite number, got ${show(value)}`,
      );
    }
    if (noValues.has(String(value))) throw noKey(`idempotencyKey[${index}]`, String(value));
  }
  return uuidv5(JSON.stringify([method, url.origin + url.pathname, ...values]), NAMESPACE);
}

/** The texts that missing values become. Under such a key, different pieces of work would have the same key. */
const noValues: ReadonlySet<unknown> = new Set(['undefined', 'null', 'NaN', '[object Object]']);
/** The texts that `condition && key` can become, too. */
const noKeys: ReadonlySet<unknown> = new Set([...noValues, 'false', 'true']);

function noKey(name: string, text: string): TypeError {
  return new TypeError(
    `${name} is the text "${text}", which is no key but what a missing value becomes; leave it out to get a fresh key`,
  );
}

/** Suggests a key that also says what the number stands for: an order and a refund may both be 42. */
function instead(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return `; use ['charge', ${value}]`;
  return typeof value === 'bigint' ? `; use ['charge', '${value}']` : '';
}

function checkKey(key: string, name: string, { header, maxLength }: ResolvedDialect): string {
  if (noKeys.has(key)) throw noKey(name, key);
  const wrong = whatIsWrong(key, maxLength);
  if (wrong === undefined) return key;
  throw new TypeError(
    `${name} must be 1 to ${maxLength} characters of visible ASCII (0x21 to 0x7E) to go into ${header}${wrong}`,
  );
}

const INVISIBLE = /[^\x21-\x7e]/;

/** Describes the mistake without the key itself, because a key may be a secret. */
function whatIsWrong(key: string, maxLength: number): string | undefined {
  if (key.length < 1 || key.length > maxLength) return `, got ${key.length} characters`;
  const at = key.search(INVISIBLE);
  return at < 0 ? undefined : `; character ${at + 1} of ${key.length} is not`;
}

function withHeader(key: string, { format }: ResolvedDialect): CallKey {
  return { key, headerValue: format === 'structured' ? `"${key.replace(/["\\]/g, '\\$&')}"` : key };
}

/** An sf-string (RFC 9651, section 3.3.3) and nothing else. */
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

function readHeader(value: string, { header, format }: ResolvedDialect): string {
  // A missing value has no quotes. `checkKey` describes what is wrong with it.
  if (format === 'plain' || noKeys.has(value)) return value;
  const inner = quoted.exec(value)?.[1];
  if (inner === undefined) {
    throw new TypeError(
      `the ${header} header must be a structured-field string, which is a key in double quotes (RFC 9651, 3.3.3)`,
    );
  }
  return inner.replace(/\\(["\\])/g, '$1');
}
