import { connect } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { Pool } from 'pg';
import type { Store, TransactionalStore } from '../../src/once/store.ts';
import { pgliteStore } from '../../src/once/stores/pglite.ts';
import { postgresStore } from '../../src/once/stores/postgres.ts';
import type { Queryable } from '../../src/once/stores/sql.ts';

/**
 * Is a server on its standard port? Where it is not, the tests that need it are left out and say so; in CI, which
 * starts every server, they fail.
 */
export async function present(name: string, port: number): Promise<boolean> {
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => resolve(true))
      .once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (!answered && process.env.CI === 'true') throw new Error(`No ${name} on 127.0.0.1:${port}`);
  if (!answered) console.warn(`Left out: no ${name} on 127.0.0.1:${port}`);
  return answered;
}

/** Where the PostgreSQL tests go; the server trusts local connections. */
export const POSTGRES = {
  host: '127.0.0.1',
  port: 5432,
  user: process.env.PGUSER ?? 'postgres',
  database: process.env.PGDATABASE ?? 'postgres',
};
/** A schema that no other run on this machine uses. */
export const schemaOf = (name: string) => `steadfetch_${name}_${process.pid}`;
export const REDIS_URL = 'redis://127.0.0.1:6379';

/** What a store in either of them can do. */
export interface DatabaseStore extends Store {
  readonly transactional: TransactionalStore<Queryable>;
}

/** PostgreSQL where it is, else PGlite: a store in a schema of its own, and a way to look into it. */
export async function database(schema: string) {
  const pool = (await present('PostgreSQL', POSTGRES.port)) ? new Pool(POSTGRES) : undefined;
  const lite = pool === undefined ? new PGlite() : undefined;
  const db = (pool ?? lite) as Queryable;
  await db.query(`drop schema if exists ${schema} cascade`);
  await db.query(`create schema ${schema}`);
  const table = { table: `${schema}.once` };
  const store: DatabaseStore =
    pool === undefined ? pgliteStore(lite as PGlite, table) : postgresStore(pool, table);
  await store.setup();
  return {
    store,
    query: async (text: string) => (await db.query(text)).rows as Record<string, unknown>[],
    async close() {
      await db.query(`drop schema ${schema} cascade`);
      await pool?.end();
      await lite?.close();
    },
  };
}
