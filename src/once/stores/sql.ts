import { TransactionAbortedError } from '../errors.ts';
import type { Claim, Store } from '../store.ts';
import { DEFAULT_TABLE, schemaSql } from './schema.ts';
import { isSqlState } from './sql-state.ts';

/** The query method that `pg` and PGlite share, inside and outside of a transaction. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

interface Found {
  readonly state: 'free' | 'running' | 'done' | 'reused';
  readonly result: Uint8Array | null;
  readonly lease_left: number | null;
}

/** Runs one step of the store on a connection, and gives the connection up when the signal aborts. */
export type OnConnection = <T>(use: (db: Queryable) => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** Runs every step on one connection that the store must not close, such as that of a transaction. */
export const onlyOn =
  (db: Queryable): OnConnection =>
  (use) =>
    use(db);

/**
 * The store's steps in SQL. Each step is one statement, except a claim, which tries up to three, of which one decides.
 * `statement_timestamp()` is the database's clock.
 */
export function sqlStore(run: OnConnection, table: string = DEFAULT_TABLE): Store {
  const sql = statements(table);
  const changed = (text: string, values: unknown[], signal?: AbortSignal) =>
    run(async (db) => (await db.query(text, values)).rows.length > 0, signal);

  return {
    setup: () => run(async (db) => void (await db.query(schemaSql(table)))),

    claim: ({ scope, key }, { fingerprint = null, lease, lifetime }, signal) =>
      run(async (db) => {
        const claimed = (rows: unknown[]): Claim => {
          const [row] = rows as { token: string | number | bigint }[]; // `pg` returns a bigint as a string
          return row === undefined ? RUNNING : { state: 'claimed', token: Number(row.token) };
        };
        const values = [scope, key, fingerprint, lease, lifetime];
        const inserted = await db.query(sql.insert, values);
        if (inserted.rows.length > 0) return claimed(inserted.rows);

        const [found] = (await db.query(sql.look, [scope, key, fingerprint])).rows as Found[];
        if (found === undefined) return RUNNING;
        if (found.state === 'free') return claimed((await db.query(sql.takeOver, values)).rows);
        if (found.state === 'running') return { state: 'running', leaseLeft: found.lease_left ?? undefined };
        if (found.state === 'done') return { state: 'done', result: found.result ?? undefined };
        return { state: 'reused' };
      }, signal),

    complete: ({ scope, key }, token, result, signal) =>
      changed(sql.complete, [scope, key, token, result ?? null], signal).catch((error: unknown) => {
        throw isAborted(error) ? new TransactionAbortedError(error) : error;
      }),
    release: ({ scope, key }, token, signal) => changed(sql.release, [scope, key, token], signal),
    extend: ({ scope, key }, token, lease, signal) => changed(sql.extend, [scope, key, token, lease], signal),
    purge: (limit, signal) => run(async (db) => (await db.query(sql.purge, [limit])).rows.length, signal),
  };
}

/** `in_failed_sql_transaction`: an earlier statement failed, and PostgreSQL refuses all later ones. */
const isAborted = (error: unknown) => isSqlState(error, '25P02');

/** Another caller claimed the key first: in a transaction that is still open, or between two of these statements. */
const RUNNING: Claim = { state: 'running', leaseLeft: undefined };

/**
 * The primary key guarantees one row per key. The advisory lock only avoids waiting: a claim in an open transaction holds it, so
 * a duplicate finds the lock taken and returns at once, instead of waiting for that transaction.
 */
const statements = (table: string) => {
  const now = 'statement_timestamp()';
  const mayClaim = `pg_try_advisory_xact_lock(hashtextextended('${table} ' || $1 || ' ' || $2, 0))`;
  const held = 'scope = $1 and key = $2 and token = $3 and lease_until is not null';
  return {
    insert: `
      insert into ${table} (scope, key, fingerprint, lease_until, expires_at)
      select $1, $2, $3, ${now} + $4 * interval '1 ms', ${now} + $5 * interval '1 ms' where ${mayClaim}
      on conflict do nothing returning token`,

    look: `
      select result, extract(epoch from lease_until - ${now})::float8 * 1000 as lease_left,
        case when expires_at <= ${now} then 'free'
             when fingerprint <> $3 then 'reused'
             when lease_until is null then 'done'
             when lease_until <= ${now} then 'free'
             else 'running' end as state
      from ${table} where scope = $1 and key = $2`,

    takeOver: `
      update ${table} set token = default, fingerprint = $3, result = null,
        lease_until = ${now} + $4 * interval '1 ms', expires_at = ${now} + $5 * interval '1 ms'
      where scope = $1 and key = $2 and ${mayClaim}
        and (expires_at <= ${now} or (lease_until <= ${now} and (fingerprint <> $3) is not true))
      returning token`,

    complete: `update ${table} set lease_until = null, result = $4 where ${held} returning 1`,

    release: `delete from ${table} where ${held} returning 1`,

    extend: `
      update ${table} set lease_until = ${now} + $4 * interval '1 ms',
        expires_at = greatest(expires_at, ${now} + $4 * interval '1 ms')
      where ${held} returning 1`,

    purge: `
      delete from ${table} where (scope, key) in (
        select scope, key from ${table} where expires_at <= ${now}
        order by expires_at limit $1 for update skip locked)
      returning 1`,
  };
};
