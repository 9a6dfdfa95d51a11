import { AsyncLocalStorage } from 'node:async_hooks';
import { NestedTransactionError } from '../errors.ts';

/** A transaction that is open on a database with one connection. */
interface Turn {
  readonly db: object;
  open: boolean;
  readonly outer: Turn | undefined;
}

const inside = new AsyncLocalStorage<Turn>();

/** Runs what has the one connection of the database to itself. */
export async function inOwnTurn<T>(db: object, work: () => Promise<T>): Promise<T> {
  const turn: Turn = { db, open: true, outer: inside.getStore() };
  try {
    return await inside.run(turn, work);
  } finally {
    turn.open = false;
  }
}

/**
 * @param what would wait, in the words of its user
 * @throws If the caller is inside a transaction of the same database: it would wait for its own end, for ever.
 */
export function checkOtherTurn(db: object, what = 'once'): void {
  for (let turn = inside.getStore(); turn !== undefined; turn = turn.outer)
    if (turn.open && turn.db === db)
      throw new NestedTransactionError(
        what,
        'inside a transaction of the same database would wait for the end of that one for ever, for there is one connection: ' +
          'do it after the commit, or join (once: by store.within(tx))',
      );
}
