/**
 * Keys in PostgreSQL.
 *
 * @module steadfetch/once/postgres
 */

import type { ClientBase, Pool, PoolClient } from 'pg';
import { boolean, type Checks, checkMembers, clientCheck, only } from '../checks.ts';
import { TransactionAbortedError } from '../errors.ts';
import type { Store, TransactionalStore } from '../store.ts';
import { type Lender, withConnection } from './connection.ts';
import { loadDriver } from './driver.ts';
import { type OpenTransaction, queryableOf } from './open-transaction.ts';
import { preparedStatements } from './prepared-statements.ts';
import { revocable } from './revocable.ts';
import { inSavepoint } from './savepoint.ts';
import { tableCheck } from './schema.ts';
import { type OnConnection, onlyOn, sqlStore } from './sql.ts';

export { schemaSql } from './schema.ts';

/** Keys in PostgreSQL. As it stands: lease mode, each step a statement of its own. */
export interface PostgresStore extends Store {
  /** Opens a transaction for each effect and hands it over; key and business rows are committed together. */
  readonly transactional: TransactionalStore<PoolClient>;
  /**
   * Joins a transaction that you opened and will commit: one of `pg`, drizzle, Kysely, Knex, postgres.js or Prisma. The effect runs behind a savepoint: should it throw, neither
   * its rows nor the key are left in your transaction, even if you catch the error and commit.
   */
  within<Open extends OpenTransaction>(tx: Open): TransactionalStore<Open>;
}

/** How the store talks to PostgreSQL. */
export interface PostgresOptions {
  /**
   * Where the keys are kept: `name` or `schema.name`.
   * @default 'steadfetch_once'
   */
  readonly table?: string;
  /**
   * Whether statements are prepared, once for every connection. Switch it off behind a pooler that hands out another
   * connection for every transaction and does not know of prepared statements, such as PgBouncer before 1.21.
   * @default true
   */
  readonly prepare?: boolean;
}

const optionChecks: Checks<PostgresOptions> = { table: tableCheck, prepare: boolean };
const checkPool = clientCheck<Pool>('a Pool of pg', ['connect', 'query']);

/**
 * @param pool Your `pg` Pool.
 * @throws PolicyError a bad argument.
 * @example
 * const store = postgresStore(new pg.Pool());
 * await store.setup();
 */
export function postgresStore(pool: Pool, options: PostgresOptions = {}): PostgresStore {
  checkPool(pool, 'pool');
  const { table, prepare = true } = checkMembers<PostgresOptions>(options, { name: 'options' }, optionChecks);
  const lender: Lender<PoolClient> = {
    connect: () => pool.connect(),
    giveBack: (client, broken) => client.release(broken),
  };
  const queryable = (client: ClientBase) => (prepare ? preparedStatements(client) : client);
  // As `pool.query` does: a connection on which a step failed is not used again. It may have gone silent.
  const step: OnConnection = (use, signal) =>
    withConnection(
      lender,
      (client, discard) =>
        use(queryable(client)).catch((error: unknown) => {
          discard();
          throw error;
        }),
      signal,
    );
  return {
    ...sqlStore(step, table),
    transactional: {
      transaction: (work, signal) =>
        withConnection(
          lender,
          (client, discard) =>
            inTransaction(client, discard, (tx) => work(tx, sqlStore(onlyOn(queryable(client)), table))),
          signal,
        ),
    },
    within(tx) {
      const db = queryableOf(tx, 'tx');
      // A library that keeps track of its own statements is not told to prepare ours.
      return inSavepoint(tx, db, sqlStore(onlyOn(isPgClient(tx) ? queryable(tx) : db), table));
    },
  };
}

async function inTransaction<T>(
  client: PoolClient,
  discard: () => void,
  work: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  const { tx, revoke } = revocable(client);
  try {
    await client.query('begin');
    const result = await work(tx).finally(revoke);
    // PostgreSQL answers COMMIT with ROLLBACK if a statement has failed meanwhile.
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') throw new TransactionAbortedError();
    return result;
  } catch (error) {
    await client.query('rollback').catch(discard);
    throw error;
  }
}

/**
 * Opens a pool of its own, with the schema in place.
 *
 * @param url `postgres://user:password@host:port/database`
 * @throws MissingDriverError without the package `pg`.
 * @example const store = await openPostgres('postgres://127.0.0.1/shop');
 */
export async function openPostgres(
  url: string,
  options: PostgresOptions = {},
): Promise<PostgresStore & { close(): Promise<void> }> {
  checkUrl(url, 'url');
  const pg = await loadDriver('pg', () => import('pg'));
  const pool = new pg.default.Pool({ connectionString: url });
  // An idle connection that dies is replaced by the pool; without a listener it would end the process.
  pool.on('error', ignore);
  const store = postgresStore(pool, options);
  await store.setup();
  return { ...store, close: () => pool.end() };
}

const checkUrl = only(
  'a URL such as postgres://127.0.0.1/shop',
  (value): value is string => typeof value === 'string' && value !== '',
);
const isPgClient = (tx: object): tx is ClientBase => 'processID' in tx || 'escapeLiteral' in tx;
const ignore = () => {};
