/**
 * Keys in MySQL or MariaDB.
 *
 * @module steadfetch/once/mysql
 */

import { createHash } from 'node:crypto';
import { type Checks, checkMembers, clientCheck, isFunction, PolicyError } from '../checks.ts';
import type { Claim, ScopedKey, Store, TransactionalStore } from '../store.ts';
import { type Connection, type Lender, withConnection } from './connection.ts';
import { advisoryLocks, hashOf } from './mysql-locks.ts';
import { type MysqlQueries, resultOf } from './mysql-query.ts';
import { positional } from './placeholders.ts';
import { revocable } from './revocable.ts';
import { inSavepoint } from './savepoint.ts';
import { DEFAULT_TABLE, tableCheck } from './schema.ts';
import { nestedInMysql } from './transaction-control.ts';

/** The members of a `mysql2/promise` connection that the store uses. */
export interface MysqlConnection extends Connection, MysqlQueries {
  release(): void;
  destroy(): void;
}

/** The members of a `mysql2/promise` pool that the store uses. */
export interface MysqlPool<C extends MysqlConnection> extends MysqlQueries {
  getConnection(): Promise<C>;
}

/** An open transaction on a connection of `mysql2/promise`. */
export type MysqlTransaction = Pick<MysqlConnection, 'query'>;

/** Keys in MySQL or MariaDB. The store itself works in lease mode: each step is a statement of its own. */
export interface MysqlStore<C extends MysqlConnection> extends Store {
  /** Opens a transaction for each effect, and passes its connection to the effect. Key and rows are committed together. */
  readonly transactional: TransactionalStore<C>;
  /**
   * Joins an open transaction of yours, with a savepoint. You commit it. A duplicate waits for your transaction here, at most
   * `innodb_lock_wait_timeout`.
   */
  within<Open extends MysqlTransaction>(tx: Open): TransactionalStore<Open>;
}

/** Options of the store. */
export interface MysqlOptions {
  /**
   * The table for the keys: `name` or `schema.name`.
   * @default 'steadfetch_once'
   */
  readonly table?: string;
}

const optionChecks: Checks<MysqlOptions> = { table: tableCheck };
const hasMethods = clientCheck<MysqlPool<MysqlConnection>>('a pool of mysql2/promise', [
  'getConnection',
  'query',
]);
/** A pool of `mysql2` itself takes callbacks, and its `getConnection` without one ends the process. */
const checkPool: typeof hasMethods = (value, path) => {
  const pool = hasMethods(value, path);
  if (isFunction(Reflect.get(pool, 'promise')))
    throw new PolicyError(path, 'must be a pool of mysql2/promise, got one of mysql2: pass pool.promise()');
  return pool;
};

/**
 * Makes a store on your pool.
 *
 * @param pool a pool of `mysql2/promise`
 * @param options where the keys are kept
 * @throws {PolicyError} An argument is wrong.
 * @example
 * const store = mysqlStore(mysql.createPool('mysql://127.0.0.1/shop'));
 * await store.setup();
 */
export function mysqlStore<C extends MysqlConnection>(
  pool: MysqlPool<C>,
  options: MysqlOptions = {},
): MysqlStore<C> {
  checkPool(pool, 'pool');
  const { table = DEFAULT_TABLE } = checkMembers<MysqlOptions>(options, { name: 'options' }, optionChecks);
  const lender: Lender<C> = {
    connect: () => pool.getConnection(),
    giveBack: (connection, broken) => (broken ? connection.destroy() : connection.release()),
  };
  const step = <T>(use: (steps: Store) => Promise<T>, signal?: AbortSignal) =>
    withConnection(
      lender,
      async (connection, discard) => {
        const locks = advisoryLocks(connection);
        try {
          return await use(mysqlSteps(connection, table, locks.take)).finally(locks.free);
        } catch (error) {
          discard(); // the connection may have gone silent
          throw error;
        }
      },
      signal,
    );
  return {
    setup: () => step((steps) => steps.setup()),
    claim: (id, terms, signal) => step((steps) => steps.claim(id, terms), signal),
    complete: (id, token, result, signal) => step((steps) => steps.complete(id, token, result), signal),
    release: (id, token, signal) => step((steps) => steps.release(id, token), signal),
    extend: (id, token, lease, signal) => step((steps) => steps.extend(id, token, lease), signal),
    purge: (limit, signal) => step((steps) => steps.purge(limit), signal),
    transactional: {
      transaction: (work, signal) =>
        withConnection(
          lender,
          (connection, discard) => inTransaction(connection, discard, table, work),
          signal,
        ),
    },
    within: (tx) => {
      const db = { query: (text: string) => tx.query(text).then(() => ({ rows: [] })) };
      return inSavepoint(
        tx,
        db,
        mysqlSteps(tx, table, async () => true),
      );
    },
  };
}

/** The methods of a connection that send a statement. */
const STATEMENTS = ['query', 'execute', 'beginTransaction', 'commit', 'rollback'];

async function inTransaction<C extends MysqlConnection, T>(
  connection: C,
  discard: () => void,
  table: string,
  work: (tx: C, store: Store) => Promise<T>,
): Promise<T> {
  const { tx, revoke } = revocable(connection, STATEMENTS, undefined, nestedInMysql);
  const locks = advisoryLocks(connection);
  try {
    // Not `start transaction`: after a deadlock, which rolls that back, each statement of an effect that goes on would be committed by itself.
    await connection.query('set autocommit = 0');
    const result = await work(tx, mysqlSteps(connection, table, locks.take)).finally(revoke);
    await connection.query('commit');
    return result;
  } catch (error) {
    await connection.query('rollback').catch(discard);
    throw error;
  } finally {
    // Both belong to the connection, not to the transaction.
    await connection.query('set autocommit = 1').then(locks.free).catch(discard);
  }
}

/** The steps of the store. A claim has two statements, of which the first decides. Every other step has one. */
function mysqlSteps(
  connection: MysqlTransaction,
  table: string,
  mayClaim: (id: ScopedKey) => Promise<boolean>,
): Store {
  const sql = statements(table);
  const query = (text: string, ...given: unknown[]) => {
    const statement = positional(text, given);
    return resultOf(connection, statement.text, statement.values);
  };
  const changed = async (...args: Parameters<typeof query>) =>
    ((await query(...args)) as { affectedRows: number }).affectedRows > 0;
  const idOf = (id: ScopedKey) => hashOf(id).digest();

  return {
    async setup() {
      await query(schemaSql(table));
    },

    async claim(id, { fingerprint = null, lease, lifetime }): Promise<Claim> {
      if (!(await mayClaim(id))) return { state: 'running', leaseLeft: undefined };
      const claimant = createHash('sha256').update(crypto.randomUUID()).digest().subarray(0, 16);
      const hash = idOf(id);
      await query(sql.claim, hash, id.scope, id.key, fingerprint, lease, lifetime, claimant);
      const [row] = (await query(sql.look, hash, claimant, fingerprint)) as Found[];
      if (row === undefined) return { state: 'running', leaseLeft: undefined };
      if (Number(row.mine) === 1) return { state: 'claimed', token: Number(row.token) };
      if (Number(row.reused) === 1) return { state: 'reused' };
      if (row.lease_left === null) return { state: 'done', result: row.result ?? undefined };
      return { state: 'running', leaseLeft: Number(row.lease_left) };
    },

    complete: (id, token, result) =>
      changed(sql.complete, idOf(id), token, result === undefined ? null : Buffer.from(result)),
    release: (id, token) => changed(sql.release, idOf(id), token),
    extend: (id, token, lease) => changed(sql.extend, idOf(id), token, lease),
    purge: async (limit) => ((await query(sql.purge, limit)) as { affectedRows: number }).affectedRows,
  };
}

interface Found {
  readonly mine: number | string;
  readonly reused: number | string | null;
  readonly token: number | string;
  readonly lease_left: number | string | null;
  readonly result: Uint8Array | null;
}

/**
 * The SQL that creates the table, for your own migrations. `setup()` runs the same.
 *
 * @param table a plain name, or `schema.name`; the schema must exist. Default: `steadfetch_once`.
 * @throws {PolicyError} The name would need quotes.
 * @example await pool.query(schemaSql('once_keys'));
 */
export function schemaSql(table: string = DEFAULT_TABLE): string {
  return `create table if not exists ${tableCheck(table, 'table')} (
  id          binary(32) primary key,  -- SHA-256 of scope and key
  scope       text       not null,     -- JSON array: operation, tenant
  \`key\`       text       not null,
  token       bigint     not null,     -- fencing token: grows with every claim
  claimant    binary(16) not null,     -- which claim made it
  fingerprint text,
  lease_until bigint,                  -- epoch microseconds; null: done
  expires_at  bigint     not null,
  result      longblob,                -- null when done: the result was not kept
  index expires_at (expires_at)
) engine = InnoDB, character set utf8mb4, collate utf8mb4_bin`;
}

const statements = (table: string) => {
  // In UTC, so that the time zone of a session has no effect.
  const now = `timestampdiff(microsecond, '1970-01-01', utc_timestamp(6))`;
  const held = 'id = $1 and token = $2 and lease_until is not null';
  const free = `(expires_at <= ${now} or (lease_until <= ${now}
    and (fingerprint is null or values(fingerprint) is null or fingerprint = values(fingerprint))))`;
  // MySQL makes the assignments one after the other, and each sees those before it. So `claimant`, which decides whose row it is,
  // comes first. The times that the decision reads come last.
  const mine = 'claimant = values(claimant)';
  return {
    claim: `
      insert into ${table} (id, scope, \`key\`, token, claimant, fingerprint, lease_until, expires_at)
      values ($1, $2, $3, ${now}, $7, $4, ${now} + $5 * 1000, ${now} + $6 * 1000)
      on duplicate key update
        claimant = if(${free}, values(claimant), claimant),
        token = if(${mine}, greatest(token + 1, values(token)), token),
        fingerprint = if(${mine}, values(fingerprint), fingerprint),
        result = if(${mine}, null, result),
        lease_until = if(${mine}, values(lease_until), lease_until),
        expires_at = if(${mine}, values(expires_at), expires_at)`,

    // With a lock, so that the statement sees all that was committed since the transaction began.
    look: `
      select claimant = $2 as mine, fingerprint <> $3 as reused, token, result,
        greatest(lease_until - ${now}, 0) / 1000 as lease_left
      from ${table} where id = $1 for update`,

    complete: `update ${table} set lease_until = null, result = $3 where ${held}`,
    release: `delete from ${table} where ${held}`,
    extend: `
      update ${table} set lease_until = ${now} + $3 * 1000, expires_at = greatest(expires_at, ${now} + $3 * 1000)
      where ${held}`,
    purge: `delete from ${table} where expires_at <= ${now} order by expires_at limit $1`,
  };
};
