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

/** How requests are protected. `Incoming` is the request as your framework has it. */
export interface IdempotencyOptions<S extends AnyStore, Incoming> extends Times {
  /** Where the keys are kept. A `transactional` one hands its transaction to the handler. */
  readonly store: S;
  /**
   * Whose key it is. Take the tenant from what you have authenticated. May be async; a throw is the framework's to answer.
   * @example scope: (req) => ({ operation: 'charge', tenant: req.user.accountId })
   */
  readonly scope: (request: Incoming) => Scope | Promise<Scope>;
  /**
   * The header that carries the key.
   * @default 'idempotency-key'
   */
  readonly header?: string;
  /**
   * Whether a request without a key is refused (400), or run unprotected.
   * @default true
   */
  readonly required?: boolean;
  /**
   * The methods that take a key. Any other goes through untouched.
   * @default ['POST', 'PATCH']
   */
  readonly methods?: readonly string[];
  /**
   * What counts as the same payload: the body's `'bytes'`, or its `'json'` without regard to white space and key order.
   * @default 'bytes'
   */
  readonly fingerprint?: FingerprintKind;
  /**
   * Which responses are stored. Any other frees the key, and with a transaction takes the handler's rows back.
   * @default isFinal: everything but 5xx and the 4xx that may change by themselves
   */
  readonly keep?: (response: Response) => boolean;
  /**
   * In a transaction: with which of the responses that are stored the handler's rows are committed. With any other the
   * rows are taken back and the response is stored alone: a refusal that was thrown leaves nothing half done.
   * A handler that is known to have thrown never commits.
   * @default a status below 400
   * @example commit: ({ status }) => status < 400 || status === 402 // a declined charge is booked, too
   */
  readonly commit?: (response: Response) => boolean;
  /**
   * Response headers that are not stored, besides the hop-by-hop ones.
   * @default ['set-cookie']
   */
  readonly dropHeaders?: readonly string[];
  /**
   * The largest request body, in bytes, because it is read into memory. A larger one is refused (413).
   * @default 10485760 (10 MiB)
   */
  readonly requestLimit?: number;
  /**
   * The largest response body that is stored, in bytes. A larger one goes out once, and leaves a tombstone: the
   * handler is not run again, and a duplicate is told so (410).
   * @default 1048576 (1 MiB)
   */
  readonly responseLimit?: number;
  /**
   * How long the store may take for one step, in milliseconds.
   * @default 2000
   */
  readonly storeTimeout?: number;
  /**
   * What happens to a request while the store is down: `'refuse'` it (503), or `'run'` it unprotected.
   * @default 'refuse'
   */
  readonly whenStoreDown?: 'refuse' | 'run';
  /**
   * The URL of a page that explains your refusals: the `type` of every problem, and a `Link` with `rel="describedby"`.
   * @default none: the type is `about:blank`
   */
  readonly documentation?: string;
  /**
   * Is told what the answer cannot say: why the store failed, or that a lease was lost.
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
  /** Upper-case. */
  readonly methods: ReadonlySet<string>;
};

const bytes = wholeNumber(1, 2 ** 31 - 1);
const headerName = only('the name of a header', isToken);

/** Methods in any case; at least one, each of which a server of Node's could be asked for. */
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
// Node 20 does not know QUERY yet.
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

/** @throws PolicyError that names the option, its value and what is allowed. */
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
    onError: warn,
    ...options,
    methods: new Set(options.methods ?? ['POST', 'PATCH']),
    ...withDefaults(options),
    storeTimeout,
    store: withTimeout(store as S, storeTimeout),
  };
}

function isWebUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && /^https?:/i.test(value) && !/[<>\s]/.test(value);
}

/** @throws PolicyError */
export const checkHandler = aFunction();

// They depend on something else than the request: credentials, a lock, the hour, the load.
const TRANSIENT = new Set([401, 403, 407, 408, 409, 421, 423, 425, 428, 429]);

/** Whether the same request would be answered the same tomorrow: everything but 5xx and the transient 4xx. */
export const isFinal = ({ status }: Response): boolean => status < 500 && !TRANSIENT.has(status);

const warn = (error: unknown) => process.emitWarning(error instanceof Error ? error : String(error));
