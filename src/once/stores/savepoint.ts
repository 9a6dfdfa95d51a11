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
      const lent = loanOf(tx);
      const level = inside.getStore()?.get(lent) ?? outermostOf(lent);
      const nested = new Map(inside.getStore()).set(lent, { savepoint: `${level.savepoint}_`, last: IDLE });
      const turn = level.last.then(() =>
        behind(level.savepoint, db, () => inside.run(nested, () => work(tx, store))),
      );
      level.last = turn.catch(() => {});
      return turn;
    },
  };
}

function outermostOf(lent: object): Level {
  const level = outermost.get(lent) ?? { savepoint: 'steadfetch_once', last: IDLE };
  outermost.set(lent, level);
  return level;
}

/**
 * What stands for the transaction. A pool of `pg` lends the same client again and again, each time with another `release`; an effect that was
 * abandoned in an earlier transaction must not be waited for.
 */
function loanOf(tx: object): object {
  const release: unknown = Object.hasOwn(tx, 'release') && Reflect.get(tx, 'release');
  return typeof release === 'function' ? release : tx;
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
