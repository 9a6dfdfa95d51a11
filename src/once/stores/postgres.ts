/**
 * Keys in PostgreSQL.
 *
 * @module steadfetch/once/postgres
 */

import type { ClientBase, Pool, PoolClient } from 'pg';
import { boolean, type Checks, checkMembers, clientCheck, only, PolicyError } from '../checks.ts';
import { TransactionAbortedError } from '../errors.ts';
import type { Store, TransactionalStore } from '../store.ts';
import { type Lender, withConnection } from './connection.ts';
import { loadDriver } from './driver.ts';
import { guardPool } from './guarded-pool.ts';
import { type OpenTransaction, queryableOf } from './open-transaction.ts';
import { preparedStatements } from './prepared-statements.ts';
import { revocable } from './revocable.ts';
import { inSavepoint } from './savepoint.ts';
import { tableCheck } from './schema.ts';
import { type OnConnection, onlyOn, sqlStore } from './sql.ts';

export { schemaSql } from './schema.ts';

/** Keys in PostgreSQL. The store itself works in lease mode: each step is a statement of its own. */
export interface PostgresStore extends Store {
  /** Opens a transaction for each effect, and passes its client to the effect. Key and rows are committed together. */
  readonly transactional: TransactionalStore<PoolClient>;
  /**
   * Joins an open transaction of yours: of `pg`, drizzle, Kysely, Knex, postgres.js or Prisma. You commit it. The effect runs
   * behind a savepoint: if the effect throws, its rows and the key are removed from your transaction, even if you catch the error
   * and commit.
   */
  within<Open extends OpenTransaction>(tx: Open): TransactionalStore<Open>;
}

/** Options of the store. */
export interface PostgresOptions {
  /**
   * The table for the keys: `name` or `schema.name`.
   * @default 'steadfetch_once'
   */
  readonly table?: string;
  /**
   * Whether statements are prepared, once per connection. Switch this off behind a pooler that changes the connection with each
   * transaction and does not support prepared statements, such as PgBouncer before 1.21.
   * @default true
   */
  readonly prepare?: boolean;
}

const optionChecks: Checks<PostgresOptions> = { table: tableCheck, prepare: boolean };
const hasMethods = clientCheck<Pool>('a Pool of pg', ['connect', 'query']);
const checkPool: typeof hasMethods = (value, path) => {
  const pool = hasMethods(value, path);
  if (isPgClient(pool)) throw new PolicyError(path, 'must be a Pool of pg, got a Client');
  return pool;
};

/**
 * Makes a store on your pool.
 *
 * @param pool a Pool of `pg`
 * @param options where the keys are kept, and whether statements are prepared
 * @throws {PolicyError} An argument is wrong.
 * @example
 * const store = postgresStore(new pg.Pool());
 * await store.setup();
 */
export function postgresStore(pool: Pool, options: PostgresOptions = {}): PostgresStore {
  checkPool(pool, 'pool');
  guardPool(pool);
  const { table, prepare = true } = checkMembers<PostgresOptions>(options, { name: 'options' }, optionChecks);
  const lender: Lender<PoolClient> = {
    connect: () => pool.connect(),
    giveBack: (client, broken) => client.release(broken),
  };
  const queryable = (client: ClientBase) => (prepare ? preparedStatements(client) : client);
  // `pool.query` does the same: a connection on which a step failed may have gone silent, so it is not used again.
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
      // Other libraries manage their own statements, so only a `pg` client prepares these.
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
    // PostgreSQL answers COMMIT with ROLLBACK if a statement has failed in the transaction.
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') throw new TransactionAbortedError();
    return result;
  } catch (error) {
    await client.query('rollback').catch(discard);
    throw error;
  }
}

/**
 * Opens a pool for the store, and creates the table.
 *
 * @param url `postgres://user:password@host:port/database`
 * @param options as for `postgresStore`
 * @throws {MissingDriverError} The package `pg` is not installed.
 * @example const store = await openPostgres('postgres://127.0.0.1/shop');
 */
export async function openPostgres(
  url: string,
  options: PostgresOptions = {},
): Promise<PostgresStore & { close(): Promise<void> }> {
  checkUrl(url, 'url');
  const pg = await loadDriver('pg', () => import('pg'));
  const pool = new pg.default.Pool({ connectionString: url });
  // The pool replaces an idle connection that dies. Without a listener its error would end the process.
  pool.on('error', ignore);
  const store = postgresStore(pool, options);
  await store.setup();
  return { ...store, close: () => pool.end() };
}

// The driver takes a name without a scheme for a path, and asks a host named `base`.
const checkUrl = only(
  'a URL such as postgres://127.0.0.1/shop',
  (value): value is string => typeof value === 'string' && /^(?:postgres(?:ql)?:|socket:|\/)/i.test(value),
);
const isPgClient = (tx: object): tx is ClientBase => 'processID' in tx || 'escapeLiteral' in tx;
const ignore = () => {};
