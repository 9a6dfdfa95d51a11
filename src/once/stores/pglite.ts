/**
 * Keys in PGlite, PostgreSQL inside the process.
 *
 * @module steadfetch/once/pglite
 */

import { type Checks, checkMembers, clientCheck, only } from '../checks.ts';
import type { Store, TransactionalStore } from '../store.ts';
import { loadDriver } from './driver.ts';
import { type OpenTransaction, queryableOf } from './open-transaction.ts';
import { inSavepoint } from './savepoint.ts';
import { tableCheck } from './schema.ts';
import { onlyOn, type Queryable, sqlStore } from './sql.ts';

export { schemaSql } from './schema.ts';

/** What of a PGlite database is used. */
export interface PgliteDatabase<Tx extends Queryable> extends Queryable {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Keys in PGlite, the embedded PostgreSQL: the same SQL and the same promises, in one process. */
export interface PgliteStore<Tx> extends Store {
  /**
   * Opens a transaction for each effect and hands it over. PGlite has one connection: inside the effect use only the
   * transaction, because anything else waits for it to end.
   */
  readonly transactional: TransactionalStore<Tx>;
  /** Joins a transaction that you opened and will commit, behind a savepoint. */
  within<Open extends OpenTransaction>(tx: Open): TransactionalStore<Open>;
}

/** How the store uses PGlite. */
export interface PgliteOptions {
  /**
   * Where the keys are kept: `name` or `schema.name`.
   * @default 'steadfetch_once'
   */
  readonly table?: string;
}

const optionChecks: Checks<PgliteOptions> = { table: tableCheck };
const checkDatabase = clientCheck<PgliteDatabase<Queryable>>('a PGlite database', ['query', 'transaction']);
const checkDirectory = only('a directory', (value): value is string => typeof value === 'string');

/**
 * @param db Your PGlite database.
 * @throws PolicyError a bad argument.
 */
export function pgliteStore<Tx extends Queryable>(
  db: PgliteDatabase<Tx>,
  options: PgliteOptions = {},
): PgliteStore<Tx> {
  checkDatabase(db, 'db');
  const { table } = checkMembers<PgliteOptions>(options, { name: 'options' }, optionChecks);
  return {
    ...sqlStore(onlyOn(db), table),
    transactional: {
      transaction: (work) => db.transaction((tx) => work(tx, sqlStore(onlyOn(tx), table))),
    },
    within(tx) {
      const open = queryableOf(tx, 'tx');
      return inSavepoint(tx, open, sqlStore(onlyOn(open), table));
    },
  };
}

/**
 * Opens a PGlite database of its own, with the schema in place.
 *
 * @param directory Where it keeps its files. Default: in memory.
 * @throws MissingDriverError without the package `@electric-sql/pglite`.
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
