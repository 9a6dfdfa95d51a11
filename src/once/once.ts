import { aFunction, type Checks, checkMembers, nameCheck, storeCheck } from './checks.ts';
import { claimAndRun } from './claim-and-run.ts';
import { type Times, timeChecks, withDefaults } from './claim-options.ts';
import { checkScope, type Scope, scopedKey } from './scoped-key.ts';
import type { AnyStore, ContextOf, ScopedKey } from './store.ts';
import { decode, encode } from './value.ts';

/** The identity of an effect, and how long its key counts. */
export interface OnceId extends Times {
  /** The operation and the tenant that the key belongs to. */
  readonly scope: Scope;
  /** The key: 1 to 255 characters, no control characters. */
  readonly key: string;
  /** What the request said, such as a hash of its body: 1 to 255 characters. The same key with another fingerprint is refused. */
  readonly fingerprint?: string;
}

const idChecks: Checks<OnceId> = {
  scope: checkScope,
  key: nameCheck,
  fingerprint: nameCheck,
  ...timeChecks,
};

/** The result of `once`. */
export interface OnceResult<T> {
  /** The value that the effect returned, after a round trip through JSON. */
  readonly value: T;
  /** True if the effect was not run now: the value is from an earlier run. */
  readonly replayed: boolean;
}

/**
 * Runs the effect for the first caller with this key, and returns the same value to every later caller.
 *
 * With a `Store` (lease mode) the effect gets its `Lease`, and runs at most once per lease. With a `TransactionalStore` the
 * effect gets the transaction: its writes there are committed together with the key, or not at all. If the effect throws, the key
 * is free again and the error is rethrown.
 *
 * The value is stored as JSON. The first caller also gets it after a round trip through JSON, so that all callers get the same: a
 * `Date` becomes a string, `NaN` becomes null, and `undefined` stays `undefined`.
 *
 * @throws {InProgressError} The effect is running elsewhere.
 * @throws {KeyReusedError} The key was used with another fingerprint.
 * @throws {LeaseLostError} Another owner took the key over meanwhile.
 * @throws {NotRecordedError} The store failed after the effect was done.
 * @throws {ResultNotKeptError} The effect was done, but its result could not be kept.
 * @throws {PolicyError} An option is wrong.
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

/** Runs an effect whose value is stored as JSON. */
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
      // JSON can't hold this value. A transaction rolls the effect back. Without one the effect is done, so its key becomes a
      // tombstone.
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
