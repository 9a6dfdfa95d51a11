import { checkTimes, type Scope, type Times } from '../once/scoped-key.ts';
import type { AnyStore } from '../once/store.ts';
import { withTimeout } from '../once/timeout.ts';
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
   * Which responses are stored. Any other frees the key, and with a transaction takes the effect back.
   * @default isFinal: everything but 5xx and the 4xx that may change by themselves
   */
  readonly keep?: (response: Response) => boolean;
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
   * Is told what the answer cannot say: why the store failed, or that a lease was lost.
   * @default a warning on the process
   */
  readonly onError?: (error: unknown) => void;
}

/** The options, checked, with every default filled in. */
export type Settings<S extends AnyStore> = Required<
  Omit<IdempotencyOptions<S, never>, 'scope' | 'methods'>
> & {
  /** Upper-case. */
  readonly methods: ReadonlySet<string>;
};

/** @throws TypeError that names the option, its value and what is allowed. */
export function checkOptions<S extends AnyStore>(options: IdempotencyOptions<S, never>): Settings<S> {
  if (typeof options.scope !== 'function')
    throw new TypeError(
      `scope is ${typeof options.scope}; it must be a function that names operation and tenant`,
    );
  return {
    store: withTimeout(options.store, size('storeTimeout', options.storeTimeout ?? 2_000)),
    header: options.header ?? 'idempotency-key',
    required: options.required ?? true,
    methods: new Set((options.methods ?? ['POST', 'PATCH']).map((method) => method.toUpperCase())),
    fingerprint: oneOf('fingerprint', options.fingerprint ?? 'bytes', ['bytes', 'json']),
    keep: options.keep ?? isFinal,
    dropHeaders: options.dropHeaders ?? ['set-cookie'],
    requestLimit: size('requestLimit', options.requestLimit ?? 10 * 1_048_576),
    responseLimit: size('responseLimit', options.responseLimit ?? 1_048_576),
    storeTimeout: options.storeTimeout ?? 2_000,
    whenStoreDown: oneOf('whenStoreDown', options.whenStoreDown ?? 'refuse', ['refuse', 'run']),
    onError: options.onError ?? warn,
    ...checkTimes(options),
  };
}

// They depend on something else than the request: credentials, a lock, the hour, the load.
const TRANSIENT = new Set([401, 403, 407, 408, 409, 421, 423, 425, 428, 429]);

/** Whether the same request would be answered the same tomorrow: everything but 5xx and the transient 4xx. */
export const isFinal = ({ status }: Response): boolean => status < 500 && !TRANSIENT.has(status);

const warn = (error: unknown) => process.emitWarning(error instanceof Error ? error : String(error));

function size(path: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > 2 ** 31 - 1)
    throw new TypeError(`${path} is ${value}; it must be a whole number, 1 to ${2 ** 31 - 1}`);
  return value;
}

function oneOf<T extends string>(path: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value))
    throw new TypeError(`${path} is ${value}; it must be one of ${allowed.join(', ')}`);
  return value;
}
