import { duration, storeCheck } from './checks.ts';
import { StoreTimeoutError } from './errors.ts';
import type { AnyStore, Store, TransactionalStore } from './store.ts';

export const storeTimeoutCheck = duration(10);

/**
 * Returns the same store with a time limit for each step. A step that takes longer than `limit` milliseconds (at least 10)
 * rejects with `StoreTimeoutError`. The time of the effect itself does not count.
 *
 * @throws {PolicyError} An argument is wrong.
 * @example const store = withTimeout(postgresStore(pool).transactional, 2_000);
 */
export function withTimeout<S extends AnyStore>(store: S, limit: number): S;
export function withTimeout(store: AnyStore, limit: number): AnyStore {
  storeCheck(store, 'store');
  storeTimeoutCheck(limit, 'limit');
  return 'transaction' in store ? boundTransaction(store, limit) : boundLease(store, limit);
}

function boundSteps(store: Store, limit: number): Store {
  return {
    setup: () => store.setup(),
    claim: (id, options) => within(limit, 'claim', (signal) => store.claim(id, options, signal)),
    complete: (id, token, result) =>
      within(limit, 'complete', (signal) => store.complete(id, token, result, signal)),
    release: (id, token) => within(limit, 'release', (signal) => store.release(id, token, signal)),
    extend: (id, token, lease) => within(limit, 'extend', (signal) => store.extend(id, token, lease, signal)),
    purge: (batch) => within(limit, 'purge', (signal) => store.purge(batch, signal)),
  };
}

function boundLease(store: Store, limit: number): Store {
  return {
    ...boundSteps(store, limit),
    claim(id, options) {
      return within(limit, 'claim', (signal) => {
        const claiming = store.claim(id, options, signal);
        // A late claim would block the key for a whole lease, although no effect runs. So it is released.
        signal.addEventListener('abort', () => {
          const giveBack = claiming.then((late) => late.state === 'claimed' && store.release(id, late.token));
          giveBack.catch(() => {}); // the end of the lease frees the key too
        });
        return claiming;
      });
    },
  };
}

function boundTransaction<Tx>(store: TransactionalStore<Tx>, limit: number): TransactionalStore<Tx> {
  return {
    transaction: (work) =>
      new Promise((resolve, reject) => {
        const abandoned = new AbortController();
        let timer: NodeJS.Timeout;
        const expect = (step: string) => {
          timer = setTimeout(() => {
            const error = new StoreTimeoutError(step, limit);
            reject(error);
            abandoned.abort(error);
          }, limit);
        };
        expect('begin');
        store
          .transaction(async (tx, keys) => {
            clearTimeout(timer);
            // The caller was told that nothing was run, so nothing may run now.
            abandoned.signal.throwIfAborted();
            try {
              return await work(tx, boundSteps(keys, limit));
            } finally {
              expect('commit or rollback');
            }
          }, abandoned.signal)
          .finally(() => clearTimeout(timer))
          .then(resolve, reject);
      }),
  };
}

async function within<T>(
  limit: number,
  step: string,
  begin: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abandoned = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new StoreTimeoutError(step, limit);
      reject(error);
      abandoned.abort(error);
    }, limit);
  });
  try {
    return await Promise.race([begin(abandoned.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
