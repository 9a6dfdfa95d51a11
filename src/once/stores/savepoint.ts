import type { Store, TransactionalStore } from '../store.ts';
import type { Queryable } from './sql.ts';

/** Runs the store's transactions as savepoints inside an open transaction. */
export function inSavepoint<Open>(tx: Open, db: Queryable, store: Store): TransactionalStore<Open> {
  return {
    async transaction(work) {
      await db.query('savepoint steadfetch_once');
      try {
        const result = await work(tx, store);
        await db.query('release savepoint steadfetch_once');
        return result;
      } catch (error) {
        // If this fails too, the connection is gone, and the whole transaction with it.
        await db.query('rollback to savepoint steadfetch_once').catch(() => {});
        throw error;
      }
    },
  };
}
