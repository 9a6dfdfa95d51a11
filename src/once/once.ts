import { aFunction, type Checks, checkMembers, nameCheck, storeCheck } from './checks.ts';
import { claimAndRun } from './claim-and-run.ts';
import { type Times, timeChecks, withDefaults } from './claim-options.ts';
import { checkScope, type Scope, scopedKey } from './scoped-key.ts';
import type { AnyStore, ContextOf, ScopedKey } from './store.ts';

/** Which effect, and for how long its key counts. */
export interface OnceId extends Times {
  readonly scope: Scope;
  /** 1 to 255 characters, no control characters. */
  readonly key: string;
  /** What the request said, such as a hash of it. The same key with another fingerprint is refused. */
  readonly fingerprint?: string;
}

const idChecks: Checks<OnceId> = {
  scope: checkScope,
  key: nameCheck,
  fingerprint: nameCheck,
  ...timeChecks,
};

/** What `once` resolves with. */
export interface OnceResult<T> {
  /** What the effect returned, as JSON keeps it. */
  readonly value: T;
  /** True if the effect was not run now: the value is an earlier run's. */
  readonly replayed: boolean;
}

/**
 * Runs the effect for the first caller with this key and gives every later one the same value.
 *
 * With a `Store` (lease mode) the effect gets its `Lease`: at most one run for each lease. With a
 * `TransactionalStore` it gets the transaction: what it writes there is committed together with the key, or not at all.
 * An effect that throws leaves no trace: the key is free again and the error is rethrown.
 *
 * The value is stored as JSON, and the first caller gets it as JSON gives it back too, so that all get the same: `Date`
 * becomes a string, `NaN` null, and `undefined` stays `undefined`.
 *
 * @throws InProgressError the effect is running elsewhere. @throws KeyReusedError another fingerprint has the key.
 * @throws LeaseLostError another owner took over meanwhile. @throws NotRecordedError the store failed after the effect.
 * @throws ResultNotKeptError it was done, without a result that could be kept. @throws PolicyError a bad option.
 * @example
 * const id = { scope: { operation: 'charge', tenant: account.id }, key: order.id };
 * const { value, replayed } = await once(store.transactional, id, async (tx) => {
 *   await tx.query('insert into charges (order_id, cents) values ($1, $2)', [order.id, order.cents]);
 *   return { charged: order.cents };
 * });
 */
export async function once<S extends AnyStore, T>(
  store: S,
  id: OnceId,
  effect: (context: ContextOf<S>) => T | Promise<T>,
): Promise<OnceResult<T>> {
  const { scope, key, ...rest } = checkMembers<OnceId, 'scope' | 'key'>(id, { name: 'id' }, idChecks, [
    'scope',
    'key',
  ]);
  return runAsJson(store, scopedKey(scope, key), rest, effect);
}

/** Runs an effect whose value is kept as JSON. */
export async function runAsJson<S extends AnyStore, T>(
  store: S,
  id: ScopedKey,
  given: Times & { readonly fingerprint?: string },
  effect: (context: ContextOf<S>) => T | Promise<T>,
): Promise<OnceResult<T>> {
  storeCheck(store, 'store');
  aFunction()(effect, 'effect');
  const options = { fingerprint: given.fingerprint, ...withDefaults(given) };
  let unkept: { error: unknown } | undefined;
  const outcome = await claimAndRun(store, id, options, async (context) => {
    const value = await effect(context);
    try {
      const keep = encode(value);
      return { value: decode<T>(keep), keep };
    } catch (error) {
      // A value that JSON cannot hold. A transaction takes the effect back; without one it has happened, and stays so.
      if ('transaction' in store) throw error;
      unkept = { error };
      return { value, keep: 'tombstone' };
    }
  });
  if (unkept !== undefined) throw unkept.error;
  return outcome.replayed
    ? { value: decode<T>(outcome.result), replayed: true }
    : { value: outcome.value, replayed: false };
}

// JSON has no `undefined`; no bytes at all stand for it.
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value) ?? '');
const decode = <T>(bytes: Uint8Array): T =>
  bytes.length === 0 ? (undefined as T) : (JSON.parse(new TextDecoder().decode(bytes)) as T);
