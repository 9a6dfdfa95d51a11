import type { SteadFetch } from '../model/client.ts';
import type { ClientOptions, FetchInit, Policy, SteadInit } from '../model/options.ts';
import {
  type Check,
  type Checks,
  fail,
  isFunction,
  isPlainObject,
  isToken,
  list,
  members,
  only,
  wholeNumber,
} from '../options/checks.ts';
import { checkPolicy } from '../policy/validate.ts';
import type { CallBody } from './body.ts';
import type { Call } from './call.ts';
import type { OpenTx } from './database.ts';
import type { Result } from './result.ts';
import { BACKOFF, type Backoff, backoff, backoffChecks, SCHEMA, schema, time } from './shared-options.ts';
import { isStorable } from './storable.ts';

/** A request that is about to be sent. What is set on `headers` goes out and is never stored. */
export interface OutgoingRequest {
  /** The method of the request. */
  readonly method: string;
  /** The whole URL. */
  readonly url: string;
  /** To be changed. */
  readonly headers: Headers;
  /** The bytes that will be sent: for signatures. */
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
  /** The call in the outbox. */
  readonly call: Call;
}

/**
 * Runs in the transaction that ends the call: what it writes is committed together with the end, once; or, should it
 * throw, neither is, and the call is sent again later, with the same key.
 */
export type DurableHandler = (tx: OpenTx, result: Result) => unknown;

/** What `openOutbox` takes. All times in milliseconds. */
export interface OutboxOptions {
  /** The client that sends. */
  readonly fetch: SteadFetch;
  /**
   * The options that the client was made with, so that a key is made, and its lifetime known, by the same rules.
   * Leave it out only if all its calls have the default dialect, whose keys last a day.
   */
  readonly rules?: ClientOptions;
  /** Adds what must not be stored, such as `authorization`, each time a call is sent. */
  readonly prepare?: (request: OutgoingRequest) => unknown;
  /** Policies that calls may name: `add(tx, url, { policy: 'patient' })`. They are merged over the client's rules. */
  readonly policies?: Readonly<Record<string, Policy>>;
  /** Names of further headers that may be stored. Never those that carry credentials. */
  readonly headers?: readonly string[];
  /**
   * The longest body, in bytes.
   * @default 1048576 (1 MiB)
   */
  readonly bodyLimit?: number;
  /**
   * How long a call's record is kept after its end. For so long, adding it again finds it instead of making a new one.
   * @default 86400000 (a day)
   */
  readonly keep?: number;
  /** The pause before a call is sent again: full jitter, `random() × min(cap, base × 2^tries)`. */
  readonly backoff?: {
    /** @default 1000 */
    readonly base?: number;
    /** @default 300000 (5 minutes) */
    readonly cap?: number;
  };
  /**
   * Which calls go down and recover together: those for which it returns the same name. Asked at `add`, and stored.
   * @default the origin of the call's URL
   */
  readonly scope?: (call: Call) => string;
  /**
   * The database schema of the engine.
   * @default 'steadfetch'
   */
  readonly schema?: string;
  /** Called in the transaction that ends a call that was answered well. */
  readonly onDone?: DurableHandler;
  /** Called in the transaction that ends a call whose answer is a final refusal. */
  readonly onRefused?: DurableHandler;
  /** Called in the transaction that ends a call whose key has ended without an answer. */
  readonly onExpired?: DurableHandler;
}

/** What `add` takes beside the URL. */
export interface CallInit {
  /** @default 'GET' */
  readonly method?: string;
  /** Stored with the call, except credentials: see `prepare`. */
  readonly headers?: FetchInit['headers'];
  /** Stored with the call, byte for byte. */
  readonly body?: CallBody;
  /** As for the client. Left out, a fresh one is made and stored. */
  readonly idempotencyKey?: SteadInit['idempotencyKey'];
  /** The name of one of the outbox's policies. */
  readonly policy?: string;
  /** Calls of a group are sent one at a time, in the order of `add`. 1 to 255 characters. */
  readonly group?: string;
  /**
   * Milliseconds during which the call may be sent, if that is less than its key lasts.
   * @default what the dialect says of its keys
   */
  readonly lifetime?: number;
}

const DAY = 86_400_000;

/** @param whole checks all else. What is refused here would be refused by the database, and spoil the caller's transaction. */
const storable =
  (whole: Check<string>): Check<string> =>
  (value, path) => {
    const text = whole(value, path);
    return isStorable(text) ? text : fail(path, 'a string without NUL and lone surrogates', text);
  };
const text = only(
  'a string of 1 to 255 characters',
  (value): value is string => typeof value === 'string' && value.length >= 1 && value.length <= 255,
);
const handler = only('a function', isFunction<DurableHandler>);

const policies: Check<Readonly<Record<string, Policy>>> = (value, path) => {
  if (!isPlainObject(value)) return fail(path, 'a plain object with a policy for each name', value);
  const checked = Object.entries(value).map(([name, policy]: [string, unknown]) => [
    text(name, path),
    checkPolicy(policy, `${path}.${name}`),
  ]);
  return Object.freeze(Object.fromEntries(checked));
};

const checks: Checks<OutboxOptions> = {
  fetch: only('a client that createFetch made', isClient),
  // What is in them is checked where they are compiled.
  rules: only('a plain object, as createFetch takes it', (value): value is ClientOptions =>
    isPlainObject(value),
  ),
  prepare: only('a function', isFunction<NonNullable<OutboxOptions['prepare']>>),
  policies,
  headers: list('an array of HTTP header names', only('an HTTP header name', isToken)),
  bodyLimit: wholeNumber(0, 64 * 1_048_576),
  keep: time,
  backoff,
  scope: only('a function', isFunction<NonNullable<OutboxOptions['scope']>>),
  schema,
  onDone: handler,
  onRefused: handler,
  onExpired: handler,
};

/** With every default filled in. */
export type CheckedOutbox = OutboxOptions &
  Required<Pick<OutboxOptions, 'bodyLimit' | 'keep' | 'schema' | 'scope'>> & {
    readonly backoff: Backoff;
  };

/** @throws PolicyError that names the option, its value and what is allowed. */
export function checkOutbox(options: OutboxOptions): CheckedOutbox {
  if (!isPlainObject(options)) return fail('options', 'a plain object', options);
  const { fetch, ...rest } = members(
    options,
    '',
    '',
    checks,
    Object.keys(backoffChecks).map((name) => `backoff.${name}`),
  );
  if (fetch === undefined) return fail('fetch', 'a client that createFetch made', fetch);
  return Object.freeze({
    bodyLimit: 1_048_576,
    keep: DAY,
    schema: SCHEMA,
    scope: ({ url }: Call) => new URL(url).origin,
    ...rest,
    fetch,
    backoff: { ...BACKOFF, ...rest.backoff },
  });
}

const callChecks: Checks<CallInit> = {
  method: only('an HTTP method', isToken),
  headers: (value) => value as NonNullable<CallInit['headers']>,
  body: (value) => value as NonNullable<CallBody>,
  idempotencyKey: (value) => value as NonNullable<CallInit['idempotencyKey']>,
  policy: text,
  group: storable(text),
  lifetime: time,
};

/** @throws PolicyError that names the option, its value and what is allowed. */
export function checkCall(init: CallInit): Readonly<CallInit> {
  if (!isPlainObject(init)) return fail('init', 'a plain object', init);
  return members(init, '', '', callChecks, []);
}

const scopeName = storable(
  only('a string that is not empty', (value): value is string => typeof value === 'string' && value !== ''),
);

/** @throws PolicyError The option `scope` returned something else than a name. */
export const checkScope = (name: unknown): string => scopeName(name, 'scope()');

function isClient(value: unknown): value is SteadFetch {
  return (
    isFunction(value) && isFunction(Reflect.get(value, 'extend')) && isFunction(Reflect.get(value, 'on'))
  );
}
