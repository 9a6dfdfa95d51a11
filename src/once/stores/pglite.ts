/**
 * Keys in PGlite, PostgreSQL inside the process.
 *
 * @module steadfetch/once/pglite
 */

import { type Checks, checkMembers, clientCheck, only } from '../checks.ts';
import type { Store, TransactionalStore } from '../store.ts';
import { loadDriver } from './driver.ts';
import { type OpenTransaction, queryableOf } from './open-transaction.ts';
import { checkOtherTurn, inOwnTurn } from './own-turn.ts';
import { revocable } from './revocable.ts';
import { inSavepoint } from './savepoint.ts';
import { tableCheck } from './schema.ts';
import { type OnConnection, onlyOn, type Queryable, sqlStore } from './sql.ts';

export { schemaSql } from './schema.ts';

/** The members of a PGlite database that the store uses. */
export interface PgliteDatabase<Tx extends Queryable> extends Queryable {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Keys in PGlite, the embedded PostgreSQL: the same SQL and the same guarantees as PostgreSQL, in one process. */
export interface PgliteStore<Tx> extends Store {
  /**
   * Opens a transaction for each effect, and passes it to the effect. PGlite has one connection: use only the transaction inside
   * the effect, because any other query waits for its end.
   */
  readonly transactional: TransactionalStore<Tx>;
  /** Joins an open transaction of yours, with a savepoint. You commit it. */
  within<Open extends OpenTransaction>(tx: Open): TransactionalStore<Open>;
}

/** Options of the store. */
export interface PgliteOptions {
  /**
   * The table for the keys: `name` or `schema.name`.
   * @default 'steadfetch_once'
   */
  readonly table?: string;
}

const optionChecks: Checks<PgliteOptions> = { table: tableCheck };
const checkDatabase = clientCheck<PgliteDatabase<Queryable>>('a PGlite database', ['query', 'transaction']);
const checkDirectory = only('a directory', (value): value is string => typeof value === 'string');

/**
 * Makes a store on your PGlite database.
 *
 * @param db a PGlite database
 * @param options where the keys are kept
 * @throws {PolicyError} An argument is wrong.
 * @example
 * const store = pgliteStore(await PGlite.create('./data/once'));
 * await store.setup();
 */
export function pgliteStore<Tx extends Queryable>(
  db: PgliteDatabase<Tx>,
  options: PgliteOptions = {},
): PgliteStore<Tx> {
  checkDatabase(db, 'db');
  const { table } = checkMembers<PgliteOptions>(options, { name: 'options' }, optionChecks);
  const alone: OnConnection = async (use) => {
    checkOtherTurn(db);
    return use(db);
  };
  return {
    ...sqlStore(alone, table),
    transactional: {
      async transaction(work) {
        checkOtherTurn(db);
        return db.transaction((tx) => {
          const open = revocable(tx, ['query', 'exec', 'sql']).tx;
          return inOwnTurn(db, () => work(open, sqlStore(onlyOn(tx), table)));
        });
      },
    },
    within(tx) {
      const open = queryableOf(tx, 'tx');
      return inSavepoint(tx, open, sqlStore(onlyOn(open), table));
    },
  };
}

/**
 * Opens a PGlite database for the store, and creates the table.
 *
 * @param directory where the database keeps its files. Default: in memory.
 * @throws {MissingDriverError} The package `@electric-sql/pglite` is not installed.
 * @example const store = await openPglite('./data/once');
 */
export async function openPglite(
  directory?: string,
): Promise<PgliteStore<Queryable> & { close(): Promise<void> }> {
  if (directory !== undefined) checkDirectory(directory, 'directory');
  const { PGlite } = await loadDriver('@electric-sql/pglite', () => import('@electric-sql/pglite'));
  const db = await PGlite.create(directory);
  const store = pgliteStore<Queryable>(db);
  await store.setup();
  return { ...store, close: () => db.close() };
}
