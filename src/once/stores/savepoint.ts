import { AsyncLocalStorage } from 'node:async_hooks';
import type { Store, TransactionalStore } from '../store.ts';
import type { Queryable } from './sql.ts';

/** The effects that are begun in an open transaction by its owner, or by one effect in it: they run one after the other. */
interface Level {
  /** Each level has another one: MySQL forgets a savepoint when the next one takes its name. */
  readonly savepoint: string;
  last: Promise<unknown>;
}

const IDLE = Promise.resolve();

/** By transaction, the level of the effect whose code is running. */
const inside = new AsyncLocalStorage<ReadonlyMap<object, Level>>();
const outermost = new WeakMap<object, Level>();

/**
 * Runs the store's transactions as savepoints inside an open transaction. Savepoints are a stack: of two that overlap, the failure of one would
 * take the rows of the other, which was told that they are kept. So effects that were begun side by side wait for each other, and one
 * within another has a savepoint of its own.
 */
export function inSavepoint<Open extends object>(
  tx: Open,
  db: Queryable,
  store: Store,
): TransactionalStore<Open> {
  return {
    transaction(work) {
      const level = inside.getStore()?.get(tx) ?? outermostOf(tx);
      const nested = new Map(inside.getStore()).set(tx, { savepoint: `${level.savepoint}_`, last: IDLE });
      const turn = level.last.then(() =>
        behind(level.savepoint, db, () => inside.run(nested, () => work(tx, store))),
      );
      level.last = turn.catch(() => {});
      return turn;
    },
  };
}

function outermostOf(tx: object): Level {
  const level = outermost.get(tx) ?? { savepoint: 'steadfetch_once', last: IDLE };
  outermost.set(tx, level);
  return level;
}

async function behind<T>(savepoint: string, db: Queryable, work: () => Promise<T>): Promise<T> {
  await db.query(`savepoint ${savepoint}`);
  try {
    const result = await work();
    await db.query(`release savepoint ${savepoint}`);
    return result;
  } catch (error) {
    // If this fails too, the connection is gone, and the whole transaction with it.
    await db.query(`rollback to savepoint ${savepoint}`).catch(() => {});
    throw error;
  }
}
