import { setTimeout as sleep } from 'node:timers/promises';
import {
  InProgressError,
  KeyReusedError,
  LeaseLostError,
  NotRecordedError,
  ResultNotKeptError,
  TransactionAbortedError,
} from './errors.ts';
import type {
  AnyStore,
  Claim,
  ClaimOptions,
  ContextOf,
  Lease,
  ScopedKey,
  Store,
  TransactionalStore,
} from './store.ts';

/** How an effect ended: its value, and what later callers with the key get. */
export interface EffectResult<T> {
  readonly value: T;
  /**
   * The bytes of the result; `'tombstone'`: only the fact that the effect is done; `'release'`: nothing, so the next caller runs
   * it.
   */
  readonly keep: Uint8Array | 'tombstone' | 'release';
  /** In a transaction: rolls back the writes of the effect, but still stores `keep`. */
  readonly rollBack?: boolean;
}

/** The result of a call: of its own run, or of an earlier run. */
export type RunResult<T> =
  | { readonly replayed: false; readonly value: T }
  | { readonly replayed: true; readonly result: Uint8Array };

interface Busy {
  readonly busy: true;
  readonly leaseLeft: number | undefined;
}

/** The longest `retryAfter` of an `InProgressError`, in milliseconds: most effects end long before their lease. */
export const ASK_AGAIN = 1_000;
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 250;

/**
 * The whole algorithm: claim the key, run the effect, record the result. In lease mode these are three steps, and by its token
 * only the owner of the claim can record. In a transaction the three steps are committed together or not at all.
 */
export async function claimAndRun<S extends AnyStore, T>(
  store: S,
  id: ScopedKey,
  options: ClaimOptions & { readonly wait: number },
  effect: (context: ContextOf<S>) => Promise<EffectResult<T>>,
): Promise<RunResult<T>> {
  const deadline = performance.now() + options.wait;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const result = await attempt(store, id, options, effect);
    if (!('busy' in result)) return result;
    const left = deadline - performance.now();
    if (left <= 0)
      throw new InProgressError(id, Math.ceil(Math.min(result.leaseLeft ?? ASK_AGAIN, ASK_AGAIN)));
    await sleep(Math.min(pause, left));
  }
}

function attempt<S extends AnyStore, T>(
  store: S,
  id: ScopedKey,
  options: ClaimOptions,
  effect: (context: ContextOf<S>) => Promise<EffectResult<T>>,
): Promise<RunResult<T> | Busy> {
  // The compiler can't see that the kind of store decides ContextOf<S>.
  return 'transaction' in store
    ? inTransaction(store as TransactionalStore<ContextOf<S>>, id, options, effect)
    : underLease(store, id, options, effect as (lease: Lease) => Promise<EffectResult<T>>);
}

async function underLease<T>(
  store: Store,
  id: ScopedKey,
  options: ClaimOptions,
  effect: (lease: Lease) => Promise<EffectResult<T>>,
): Promise<RunResult<T> | Busy> {
  const claim = await store.claim(id, options);
  if (claim.state !== 'claimed') return otherClaim(claim, id);
  const { token } = claim;

  // If the release fails, the end of the lease frees the key too. The caller needs the effect's own error.
  const release = () => store.release(id, token).catch(() => false);
  let settled: EffectResult<T>;
  try {
    settled = await effect(leaseOf(store, id, token, options.lease));
  } catch (error) {
    await release();
    throw error;
  }
  const { value, keep } = settled;
  if (keep === 'release') {
    await release();
    return { replayed: false, value };
  }
  const recorded = await store.complete(id, token, bytesOf(keep)).catch((cause: unknown) => {
    throw new NotRecordedError(id, value, cause);
  });
  if (!recorded) throw new LeaseLostError(id);
  return { replayed: false, value };
}

async function inTransaction<Tx, T>(
  store: TransactionalStore<Tx>,
  id: ScopedKey,
  options: ClaimOptions,
  effect: (tx: Tx) => Promise<EffectResult<T>>,
): Promise<RunResult<T> | Busy> {
  try {
    return await store.transaction(async (tx, keys) => {
      const claim = await keys.claim(id, options);
      if (claim.state !== 'claimed') return otherClaim(claim, id);
      const done = await effect(tx);
      if (done.keep === 'release' || done.rollBack) throw new RolledBack(done);
      // A claim of this transaction can only be gone with it: MySQL rolls all of it back after a deadlock.
      if (!(await keys.complete(id, claim.token, bytesOf(done.keep)))) throw new TransactionAbortedError();
      return { replayed: false, value: done.value };
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
    const { value, keep } = error.done as EffectResult<T>;
    if (keep !== 'release') await keepAlone(store, id, options, value, keep);
    return { replayed: false, value };
  }
}

/**
 * Stores a result in a transaction of its own, after the effect's writes were rolled back. If another caller has claimed the key
 * meanwhile, that caller's result is kept instead.
 */
async function keepAlone<Tx>(
  store: TransactionalStore<Tx>,
  id: ScopedKey,
  options: ClaimOptions,
  value: unknown,
  keep: Uint8Array | 'tombstone',
): Promise<void> {
  try {
    await store.transaction(async (_tx, keys) => {
      const claim = await keys.claim(id, options);
      if (claim.state === 'claimed') await keys.complete(id, claim.token, bytesOf(keep));
    });
  } catch (error) {
    throw new NotRecordedError(id, value, error);
  }
}

/** Thrown to roll a transaction back. Carries the result out of it. */
class RolledBack {
  readonly done: EffectResult<unknown>;
  constructor(done: EffectResult<unknown>) {
    this.done = done;
  }
}

function otherClaim(claim: Exclude<Claim, { state: 'claimed' }>, id: ScopedKey): Busy | RunResult<never> {
  if (claim.state === 'running') return { busy: true, leaseLeft: claim.leaseLeft };
  if (claim.state === 'reused') throw new KeyReusedError(id);
  if (claim.result === undefined) throw new ResultNotKeptError(id);
  return { replayed: true, result: claim.result };
}

function leaseOf(store: Store, id: ScopedKey, token: number, length: number): Lease {
  return {
    token,
    async extend() {
      if (!(await store.extend(id, token, length))) throw new LeaseLostError(id);
    },
  };
}

const bytesOf = (keep: Uint8Array | 'tombstone') => (keep === 'tombstone' ? undefined : keep);
