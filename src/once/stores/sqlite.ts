/**
 * Keys in SQLite.
 *
 * @module steadfetch/once/sqlite
 */

import { type Checks, checkMembers, clientCheck } from '../checks.ts';
import type { Claim, Store, TransactionalStore } from '../store.ts';
import { checkOtherTurn, inOwnTurn } from './own-turn.ts';
import { positional } from './placeholders.ts';
import { revocable } from './revocable.ts';
import { inSavepoint } from './savepoint.ts';
import { DEFAULT_TABLE, tableCheck } from './schema.ts';
import type { Queryable } from './sql.ts';

/** The members of a database that the store uses: of `node:sqlite` (DatabaseSync) or `better-sqlite3`. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): { all(...values: never[]): unknown[] };
}

/** Keys in SQLite. The store itself works in lease mode. */
export interface SqliteStore<Db> extends Store {
  /**
   * Opens a transaction for each effect, and passes the database to the effect. There is one connection, so effects run one after
   * the other. Give the store a connection of its own: any other write on it becomes a part of the open transaction.
   */
  readonly transactional: TransactionalStore<Db>;
  /** Joins an open transaction of yours, with a savepoint. You commit it. */
  within<Open extends SqliteDatabase>(tx: Open): TransactionalStore<Open>;
}

/** Options of the store. */
export interface SqliteOptions {
  /**
   * The table for the keys.
   * @default 'steadfetch_once'
   */
  readonly table?: string;
}

const optionChecks: Checks<SqliteOptions> = { table: tableCheck };
const checkDatabase = clientCheck<SqliteDatabase>('a database of node:sqlite or better-sqlite3', [
  'exec',
  'prepare',
]);

/**
 * Makes a store on your database.
 *
 * @param db an open database. If other processes use the file too, open it with a `timeout`.
 * @param options where the keys are kept
 * @throws {PolicyError} An argument is wrong.
 * @example
 * const store = sqliteStore(new DatabaseSync('./once.db', { timeout: 5_000 }));
 * await store.setup();
 */
export function sqliteStore<Db extends SqliteDatabase>(db: Db, options: SqliteOptions = {}): SqliteStore<Db> {
  checkDatabase(db, 'db');
  const { table = DEFAULT_TABLE } = checkMembers<SqliteOptions>(options, { name: 'options' }, optionChecks);
  const waitForTurn = queue();
  const inTurn: typeof waitForTurn = async (step) => {
    checkOtherTurn(db);
    return waitForTurn(step);
  };
  const steps = sqliteSteps(db, table);
  return {
    setup: () => inTurn(() => steps.setup()),
    claim: (id, terms) => inTurn(() => steps.claim(id, terms)),
    complete: (id, token, result) => inTurn(() => steps.complete(id, token, result)),
    release: (id, token) => inTurn(() => steps.release(id, token)),
    extend: (id, token, lease) => inTurn(() => steps.extend(id, token, lease)),
    purge: (limit) => inTurn(() => steps.purge(limit)),
    transactional: {
      transaction: (work, signal) =>
        inTurn(async () => {
          signal?.throwIfAborted();
          const { tx, revoke } = revocable(db, ['exec', 'prepare', 'transaction', 'pragma'], refuse);
          db.exec('begin immediate');
          try {
            const result = await inOwnTurn(db, () => work(tx, steps)).finally(revoke);
            db.exec('commit');
            return result;
          } catch (error) {
            rollBack(db);
            throw error;
          }
        }),
    },
    within: (tx) => inSavepoint(tx, queryable(tx), sqliteSteps(tx, table)),
  };
}

const queryable = (db: SqliteDatabase): Queryable => ({
  query: async (text) => {
    db.exec(text);
    return { rows: [] };
  },
});

function refuse(error: Error): never {
  throw error;
}

/** Ignores a failed rollback: some errors have rolled the transaction back already. */
function rollBack(db: SqliteDatabase): void {
  try {
    db.exec('rollback');
  } catch {}
}

/** Runs steps one after the other, because a connection has one transaction. */
function queue(): <T>(step: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (step) => {
    const turn = last.then(step);
    last = turn.catch(() => {});
    return turn;
  };
}

function sqliteSteps(db: SqliteDatabase, table: string): Store {
  const sql = statements(table);
  const rows = <Row>(text: string, ...given: unknown[]) => {
    const statement = positional(text, given);
    return db.prepare(statement.text).all(...(statement.values as never[])) as Row[];
  };
  const changed = async (text: string, ...values: unknown[]) => rows(text, ...values).length > 0;

  return {
    async setup() {
      for (const text of schemaStatements(table)) db.exec(text);
    },

    async claim({ scope, key }, { fingerprint = null, lease, lifetime }): Promise<Claim> {
      const [mine] = rows<{ token: number }>(sql.claim, scope, key, fingerprint, lease, lifetime);
      if (mine !== undefined) return { state: 'claimed', token: Number(mine.token) };
      const [found] = rows<{ state: string; result: Uint8Array | null; lease_left: number | null }>(
        sql.look,
        scope,
        key,
        fingerprint,
      );
      if (found?.state === 'reused') return { state: 'reused' };
      if (found?.state === 'done') return { state: 'done', result: found.result ?? undefined };
      return { state: 'running', leaseLeft: found?.lease_left ?? undefined };
    },

    complete: ({ scope, key }, token, result) => changed(sql.complete, scope, key, token, result ?? null),
    release: ({ scope, key }, token) => changed(sql.release, scope, key, token),
    extend: ({ scope, key }, token, lease) => changed(sql.extend, scope, key, token, lease),
    purge: async (limit) => rows(sql.purge, limit).length,
  };
}

/** Epoch milliseconds, by SQLite's own clock. */
const NOW = `cast((julianday('now') - 2440587.5) * 86400000 as integer)`;

/**
 * The SQL that creates the table, for your own migrations. `setup()` runs the same.
 *
 * @param table a plain name. Default: `steadfetch_once`.
 * @throws {PolicyError} The name would need quotes.
 * @example db.exec(schemaSql('once_keys'));
 */
export function schemaSql(table: string = DEFAULT_TABLE): string {
  return schemaStatements(tableCheck(table, 'table')).join('\n');
}

function schemaStatements(table: string): string[] {
  return [
    `create table if not exists ${table} (
  token       integer primary key autoincrement, -- fencing token: grows with every claim
  scope       text    not null,
  key         text    not null,
  fingerprint text,
  lease_until integer,                           -- epoch milliseconds; null: done
  expires_at  integer not null,
  result      blob,                              -- null when done: the result was not kept
  unique (scope, key)
);`,
    `create index if not exists ${table}_expires_at on ${table} (expires_at);`,
  ];
}

const statements = (table: string) => {
  const held = 'scope = $1 and key = $2 and token = $3 and lease_until is not null';
  return {
    // The replaced row is deleted, and the new row has a token of its own.
    claim: `
      insert or replace into ${table} (scope, key, fingerprint, lease_until, expires_at)
      select $1, $2, $3, ${NOW} + $4, ${NOW} + $5
      where not exists (select 1 from ${table} where scope = $1 and key = $2 and expires_at > ${NOW}
        and (lease_until is null or lease_until > ${NOW} or (fingerprint <> $3) is true))
      returning token`,

    look: `
      select result, lease_until - ${NOW} as lease_left,
        case when fingerprint <> $3 then 'reused' when lease_until is null then 'done' else 'running' end as state
      from ${table} where scope = $1 and key = $2`,

    complete: `update ${table} set lease_until = null, result = $4 where ${held} returning 1`,
    release: `delete from ${table} where ${held} returning 1`,
    extend: `update ${table} set lease_until = ${NOW} + $4, expires_at = max(expires_at, ${NOW} + $4)
      where ${held} returning 1`,
    purge: `delete from ${table} where token in (
      select token from ${table} where expires_at <= ${NOW} order by expires_at limit $1) returning 1`,
  };
};
