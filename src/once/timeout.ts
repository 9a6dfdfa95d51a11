import { duration, storeCheck } from './checks.ts';
import { StoreTimeoutError } from './errors.ts';
import type { AnyStore, Store, TransactionalStore } from './store.ts';

export const storeTimeoutCheck = duration(10);

/**
 * The same store with a time limit for each of its steps: a step that takes longer than `limit` milliseconds rejects with
 * `StoreTimeoutError`. The effect's own time is not counted.
 *
 * @throws PolicyError a bad argument.
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
    claim: (id, terms) => within(limit, 'claim', store.claim(id, terms)),
    complete: (id, token, result) => within(limit, 'complete', store.complete(id, token, result)),
    release: (id, token) => within(limit, 'release', store.release(id, token)),
    extend: (id, token, lease) => within(limit, 'extend', store.extend(id, token, lease)),
    purge: (batch) => within(limit, 'purge', store.purge(batch)),
  };
}

function boundLease(store: Store, limit: number): Store {
  return {
    ...boundSteps(store, limit),
    claim(id, terms) {
      const claiming = store.claim(id, terms);
      return within(limit, 'claim', claiming, () => {
        // A claim that comes after all would block the key for a whole lease, with nobody at work.
        const giveBack = claiming.then((late) => late.state === 'claimed' && store.release(id, late.token));
        giveBack.catch(() => {}); // the end of the lease does the same
      });
    },
  };
}

function boundTransaction<Tx>(store: TransactionalStore<Tx>, limit: number): TransactionalStore<Tx> {
  return {
    transaction: (work) =>
      new Promise((resolve, reject) => {
        let abandoned = false;
        let timer: NodeJS.Timeout;
        const expect = (step: string) => {
          timer = setTimeout(() => {
            abandoned = true;
            reject(new StoreTimeoutError(step, limit));
          }, limit);
        };
        expect('begin');
        store
          .transaction(async (tx, keys) => {
            clearTimeout(timer);
            // The caller has been told that nothing was run: so it must stay.
            if (abandoned) throw new StoreTimeoutError('begin', limit);
            try {
              return await work(tx, boundSteps(keys, limit));
            } finally {
              expect('commit or rollback');
            }
          })
          .finally(() => clearTimeout(timer))
          .then(resolve, reject);
      }),
  };
}

async function within<T>(limit: number, step: string, answer: Promise<T>, onLate = () => {}): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate();
      reject(new StoreTimeoutError(step, limit));
    }, limit);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
