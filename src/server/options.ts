import { METHODS } from 'node:http';
import {
  aFunction,
  boolean,
  type Check,
  type Checks,
  checkMembers,
  fail,
  isToken,
  list,
  oneOf,
  only,
  PolicyError,
  storeCheck,
  wholeNumber,
} from '../once/checks.ts';
import { type Times, timeChecks, withDefaults } from '../once/claim-options.ts';
import type { Scope } from '../once/scoped-key.ts';
import type { AnyStore } from '../once/store.ts';
import { storeTimeoutCheck, withTimeout } from '../once/timeout.ts';
import type { FingerprintKind } from './fingerprint.ts';

/** Options of the protection. `Incoming` is the request type of your framework. */
export interface IdempotencyOptions<S extends AnyStore, Incoming> extends Times {
  /** The store for the keys. A `transactional` store passes its transaction to the handler. */
  readonly store: S;
  /**
   * The operation and the tenant of a request. Take the tenant from your own authentication. May be async. If it throws, the
   * framework answers with an error.
   * @example scope: (req) => ({ operation: 'charge', tenant: req.user.accountId })
   */
  readonly scope: (request: Incoming) => Scope | Promise<Scope>;
  /**
   * The header that carries the key.
   * @default 'idempotency-key'
   */
  readonly header?: string;
  /**
   * Whether a request without a key is refused (400). `false`: it is run unprotected.
   * @default true
   */
  readonly required?: boolean;
  /**
   * The methods that are protected. A request with another method is passed on unchanged.
   * @default ['POST', 'PATCH']
   */
  readonly methods?: readonly string[];
  /**
   * How payloads are compared: by the body's `'bytes'`, or by its `'json'`, which ignores white space and key order.
   * @default 'bytes'
   */
  readonly fingerprint?: FingerprintKind;
  /**
   * Which responses are stored. Any other response frees the key, and rolls back the handler's rows if there is a transaction.
   * May be async. To read the body, read that of `response.clone()`.
   * @default isFinal: all except 5xx and the 4xx that depend on more than the request
   */
  readonly keep?: (response: Response) => boolean | Promise<boolean>;
  /**
   * In a transaction: for which stored responses the handler's rows are committed. For any other the rows are rolled back and
   * only the response is stored, so that a refusal leaves no half-done work. If the handler is known to have thrown, its rows are
   * never committed. May be async.
   * @default a status below 400
   * @example commit: ({ status }) => status < 400 || status === 402 // a declined charge is booked, too
   */
  readonly commit?: (response: Response) => boolean | Promise<boolean>;
  /**
   * Response headers that are not stored, in addition to the hop-by-hop headers.
   * @default ['set-cookie']
   */
  readonly dropHeaders?: readonly string[];
  /**
   * The largest request body, in bytes. A larger one is refused (413), because bodies are read into memory.
   * @default 10485760 (10 MiB)
   */
  readonly requestLimit?: number;
  /**
   * The largest response body that is stored, in bytes. A larger one is sent once and leaves a tombstone: the handler is not run
   * again, and a duplicate is refused (410).
   * @default 1048576 (1 MiB)
   */
  readonly responseLimit?: number;
  /**
   * How long the store may take for one step, in milliseconds. At least 10.
   * @default 2000
   */
  readonly storeTimeout?: number;
  /**
   * What happens to a request while the store is down: `'refuse'` it (503), or `'run'` it unprotected.
   * @default 'refuse'
   */
  readonly whenStoreDown?: 'refuse' | 'run';
  /**
   * The URL of a page that explains your refusals. It becomes the `type` of every problem, and a `Link` with `rel="describedby"`.
   * @default none: the type is `about:blank`
   */
  readonly documentation?: string;
  /**
   * Receives errors that the response does not show: the store failed, or a lease was lost.
   * @default a warning on the process
   */
  readonly onError?: (error: unknown) => void;
}

const MIB = 1_048_576;

/** The options, checked, with every default filled in. */
export type Settings<S extends AnyStore> = Required<
  Omit<IdempotencyOptions<S, never>, 'scope' | 'methods' | 'documentation'>
> & {
  readonly documentation: string | undefined;
  /** In upper case. */
  readonly methods: ReadonlySet<string>;
};

const bytes = wholeNumber(1, 2 ** 31 - 1);
const headerName = only('the name of a header', isToken);

/** Checks methods, in any case: at least one, and each a method that Node's servers accept. */
const methodsCheck: Check<readonly string[]> = (value, path) => {
  const expected = "an array of HTTP methods, such as ['POST', 'PATCH']";
  const methods = list(expected, (method, at) =>
    typeof method === 'string' && KNOWN_METHODS.has(method.toUpperCase())
      ? method.toUpperCase()
      : fail(at, `one of ${COMMON_METHODS.join(', ')}, or another method of HTTP`, method),
  )(value, path);
  if (methods.length === 0) throw new PolicyError(path, `must be ${expected}, got an empty one`);
  return methods;
};

const COMMON_METHODS = ['POST', 'PATCH', 'PUT', 'DELETE'];
// Node 20 does not know QUERY.
const KNOWN_METHODS = new Set([...METHODS, 'QUERY']);

const optionChecks: Checks<IdempotencyOptions<AnyStore, never>> = {
  store: storeCheck,
  scope: aFunction('a function that names operation and tenant'),
  header: headerName,
  required: boolean,
  methods: methodsCheck,
  fingerprint: oneOf('bytes', 'json'),
  keep: aFunction('a function from a Response to true or false'),
  commit: aFunction('a function from a Response to true or false'),
  documentation: only('an absolute http(s) URL', isWebUrl),
  dropHeaders: list('an array of header names', headerName),
  requestLimit: bytes,
  responseLimit: bytes,
  storeTimeout: storeTimeoutCheck,
  whenStoreDown: oneOf('refuse', 'run'),
  onError: aFunction(),
  ...timeChecks,
};

/** Checks the options. @throws {PolicyError} The message names the option, its value and what is allowed. */
export function checkOptions<S extends AnyStore>(given: IdempotencyOptions<S, never>): Settings<S> {
  const { store, scope, ...options } = checkMembers(given, { name: 'options' }, optionChecks, [
    'store',
    'scope',
  ]);
  const { storeTimeout = 2_000 } = options;
  return {
    header: 'idempotency-key',
    required: true,
    fingerprint: 'bytes',
    keep: isFinal,
    commit: ({ status }) => status < 400,
    documentation: undefined,
    dropHeaders: ['set-cookie'],
    requestLimit: 10 * MIB,
    responseLimit: MIB,
    whenStoreDown: 'refuse',
    ...options,
    methods: new Set(options.methods ?? ['POST', 'PATCH']),
    ...withDefaults(options),
    onError: guarded(options.onError ?? warn),
    storeTimeout,
    store: withTimeout(store as S, storeTimeout),
  };
}

function isWebUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && /^https?:/i.test(value) && !/[<>\s]/.test(value);
}

/** @throws {PolicyError} The handler is not a function. */
export const checkHandler = aFunction();

// These depend on more than the request: on credentials, a lock, the time, the load.
const TRANSIENT = new Set([401, 403, 407, 408, 409, 421, 423, 425, 428, 429]);

/**
 * Whether the same request would get the same response again: all except 5xx and the transient 4xx.
 * @example keep: (response) => isFinal(response) && response.status !== 404
 */
export const isFinal = ({ status }: Response): boolean => status < 500 && !TRANSIENT.has(status);

/** A log that fails becomes a warning: it must not cost the client its answer, nor the process its life. */
function guarded(onError: (error: unknown) => unknown): (error: unknown) => void {
  return (error) => {
    new Promise((resolve) => resolve(onError(error))).catch(warn);
  };
}

const warn = (error: unknown) => process.emitWarning(error instanceof Error ? error : String(error));
