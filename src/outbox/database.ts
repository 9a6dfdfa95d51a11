import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import type { Pool } from 'pg';
import type { Db } from 'pg-boss';
import { PolicyError } from '../model/errors.ts';
import { TransactionAbortedError } from '../once/errors.ts';
import { loadDriver } from '../once/stores/driver.ts';
import { guardPool } from '../once/stores/guarded-pool.ts';
import { checkOtherTurn, inOwnTurn } from '../once/stores/own-turn.ts';
import { revocable } from '../once/stores/revocable.ts';
import { isSqlState } from '../once/stores/sql-state.ts';
import { fail, isFunction } from '../options/checks.ts';
import { warn } from '../platform/warn.ts';
import { lockFolder } from './folder-lock.ts';

/** A transaction, as `pg`'s client and PGlite have it. */
export interface Tx {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** A transaction that the outbox opened, for your rows as well. */
export interface OpenTx extends Tx {
  /**
   * Runs a statement. The type of its rows is yours to name; it is not checked.
   * @example const { rows } = await tx.query<{ id: string }>('insert into orders (cents) values ($1) returning id', [100]);
   */
  query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/**
 * T, or never where T is the type of a package that is not installed: a union with that would be `any`. `keyof` tells: the usual
 * `0 extends 1 & T` gives an unresolved type back as it is.
 */
export type Installed<T> = string extends keyof T ? never : T;

/** A transaction of another library: `fromDrizzle`, `fromKnex`, `fromKysely` and `fromPrisma` of pg-boss make it. */
export interface AdaptedTx {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** `postgres://…`; a folder for PGlite; or a `pg` Pool or PGlite of yours. */
export type Target = string | Installed<Pool> | Installed<PGlite>;

/** Where the outbox keeps its calls. */
export interface Database {
  /** The Pool, or the PGlite. */
  readonly client: Pool | PGlite;
  readonly kind: 'postgres' | 'pglite';
  /** For the engine. */
  readonly db: Db;
  /** Committed when `work` resolves; rolled back, and the error rethrown, when it throws. */
  transaction<T>(work: (tx: OpenTx) => Promise<T>): Promise<T>;
  /** Closes what was opened here, and nothing of yours. */
  close(): Promise<void>;
}

/** What the engine runs its statements on. @throws PolicyError It is no transaction. */
export function engineDb(tx: Tx | AdaptedTx): Db {
  if (has(tx, 'executeSql')) return tx as Db;
  if (has(tx, 'query')) return { executeSql: (text, values) => (tx as Tx).query(text, values) };
  // Its value is not shown: it may be the URL of a call whose transaction was left out.
  throw new PolicyError(
    'tx',
    'must be a transaction of pg or PGlite, or what fromDrizzle, fromKnex, fromKysely or fromPrisma of pg-boss made of one, ' +
      `got ${typeof tx}`,
  );
}

const has = (tx: unknown, method: keyof Tx | keyof AdaptedTx) => isFunction(Reflect.get(Object(tx), method));

/** A slip of the keyboard, for which a folder would be made: `postgres:/…`, `postgres//…`, `127.0.0.1:5432/shop`. */
const ALMOST_A_URL = /^(?:postgres(?:ql)?(?::|\/\/)|[\w.-]+:\d)/i;

/** @throws MissingDriverError pg or PGlite is not installed. @throws FolderInUseError */
export async function openDatabase(target: Target): Promise<Database> {
  if (typeof target !== 'string') {
    const expected = 'a postgres:// URL, a folder, a pg Pool or a PGlite';
    if (typeof target !== 'object' || target === null) return fail('target', expected, target);
    if ('escapeLiteral' in target) throw new PolicyError('target', `must be ${expected}, got a Client of pg`);
    if ('exec' in target) return await pglite(target, async () => {});
    if ('connect' in target) return postgres(target, async () => {});
    return fail('target', expected, target);
  }
  if (/^postgres(?:ql)?:\/\//.test(target)) {
    const pg = await loadDriver('pg', () => import('pg'));
    const pool = new pg.default.Pool({ connectionString: target });
    return postgres(pool, () => pool.end());
  }
  if (target === '' || ALMOST_A_URL.test(target) || /^[a-z][a-z\d+.-]*:\/\//i.test(target)) {
    throw new PolicyError(
      'target',
      `must be a postgres:// URL or a folder, got ${JSON.stringify(target.split('/')[0]?.replace(/^.*@/s, '***@'))}`,
    );
  }
  const { PGlite } = await loadDriver('@electric-sql/pglite', () => import('@electric-sql/pglite'));
  const unlock = lockFolder(target);
  try {
    const db = await PGlite.create(join(target, 'pglite'));
    return await pglite(db, async () => {
      await db.close();
      unlock();
    });
  } catch (error) {
    unlock();
    throw error;
  }
}

async function pglite(client: PGlite, close: () => Promise<void>): Promise<Database> {
  const { fromPglite } = await loadDriver('pg-boss', () => import('pg-boss'));
  const db = fromPglite(client as Parameters<typeof fromPglite>[0]);
  return {
    client,
    kind: 'pglite',
    db: {
      ...db,
      async executeSql(text, values) {
        checkOtherTurn(client, 'a statement of the outbox or the sagas');
        return await db.executeSql(text, values);
      },
    },
    async transaction(work) {
      checkOtherTurn(client, 'transaction()');
      let worked = false;
      try {
        return await client.transaction(async (tx) => {
          const open = revocable(tx, ['query', 'exec', 'sql']).tx;
          const result = await inOwnTurn(client, () => work(open));
          worked = true;
          return result;
        });
      } catch (error) {
        throw worked && isSqlState(error, '25P02') ? new TransactionAbortedError(error) : error;
      }
    },
    close,
  };
}

function postgres(pool: Pool, close: () => Promise<void>): Database {
  // An idle connection that dies is replaced by the pool; without a listener it would end the process.
  pool.on('error', warn);
  guardPool(pool);
  return {
    client: pool,
    kind: 'postgres',
    db: { executeSql: (text, values) => pool.query(text, values) },
    async transaction(work) {
      const client = await pool.connect();
      let broken = false;
      const lost = () => {
        broken = true;
      };
      // A connection that dies between two queries: the next query reports it.
      client.on('error', lost);
      const { tx, revoke } = revocable(client);
      try {
        await client.query('begin');
        const result = await work(tx).finally(revoke);
        // PostgreSQL answers COMMIT with ROLLBACK if a statement has failed in the transaction.
        const { command } = await client.query('commit');
        if (command !== 'COMMIT') throw new TransactionAbortedError();
        return result;
      } catch (error) {
        await client.query('rollback').catch(lost);
        throw error;
      } finally {
        client.off('error', lost);
        client.release(broken);
      }
    },
    async close() {
      pool.off('error', warn);
      await close();
    },
  };
}
