import { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleLite } from 'drizzle-orm/pglite';
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import knex from 'knex';
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { once, type TransactionalStore } from '../../src/once/index.ts';
import { pgliteStore } from '../../src/once/stores/pglite.ts';
import { postgresStore } from '../../src/once/stores/postgres.ts';
import { charge, joins, type Transaction } from './joins.ts';
import { POSTGRES, present, schemaOf } from './servers.ts';

vi.setConfig({ testTimeout: 60_000 }); // some of these libraries take their time to connect on a busy machine
const SCHEMA = schemaOf('within');
const TABLE = `${SCHEMA}.once`;
const INSERT = `insert into ${SCHEMA}.charges values ('row')`;

type Within = (tx: never) => TransactionalStore<unknown>;

describe.runIf(await present('PostgreSQL', 5432))('within a transaction of', () => {
  const pool = new Pool({ ...POSTGRES, max: 3 });
  const store = postgresStore(pool, { table: TABLE });
  const within = store.within as unknown as Within;
  const count = async (table: string) =>
    Number((await pool.query(`select count(*) from ${SCHEMA}.${table}`)).rows[0].count);
  const kysely = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new Pool({ ...POSTGRES, max: 1 }) }),
  });
  const knexDb = knex({ client: 'pg', connection: POSTGRES, pool: { min: 0, max: 1 } });
  const postgresJs = postgres({ ...POSTGRES, max: 1, onnotice: () => {} });
  const drizzleDb = drizzle(pool);
  const drizzleJs = drizzlePostgresJs(postgresJs);

  beforeAll(async () => {
    await pool.query(`create schema ${SCHEMA}`);
    await pool.query(`create table ${SCHEMA}.charges (key text)`);
    await store.setup();
  });
  beforeEach(async () => void (await pool.query(`truncate ${SCHEMA}.charges, ${TABLE}`)));
  afterAll(async () => {
    await pool.query(`drop schema ${SCHEMA} cascade`);
    await Promise.all([pool.end(), kysely.destroy(), knexDb.destroy(), postgresJs.end()]);
  });

  const libraries: Record<string, Transaction> = {
    pg: async (work) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const result = await work(store.within(client), (text = INSERT) => client.query(text));
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    'drizzle on node-postgres': (work) =>
      drizzleDb.transaction((tx) => work(within(tx as never), (text = INSERT) => tx.execute(sql.raw(text)))),
    'drizzle on postgres.js': (work) =>
      drizzleJs.transaction((tx) => work(within(tx as never), (text = INSERT) => tx.execute(sql.raw(text)))),
    Kysely: (work) =>
      kysely
        .transaction()
        .execute((tx) =>
          work(within(tx as never), (text = INSERT) => tx.executeQuery(CompiledQuery.raw(text))),
        ),
    Knex: (work) =>
      knexDb.transaction((tx) => work(within(tx as never), async (text = INSERT) => tx.raw(text))),
    'postgres.js': (work) =>
      postgresJs.begin((tx) => work(within(tx as never), async (text = INSERT) => tx.unsafe(text))) as never,
  };
  describe.each(Object.entries(libraries))('%s', (_name, transaction) => joins(once, transaction, count));

  test('the types take every one of them', () => {
    const accepted = async () => {
      await drizzleDb.transaction((tx) => once(store.within(tx), charge, (open) => open.execute(sql``)));
      await kysely.transaction().execute((tx) => once(store.within(tx), charge, () => 1));
      await knexDb.transaction((tx) => once(store.within(tx), charge, (open) => open.raw('').then(() => 1)));
      await postgresJs.begin((tx) => once(store.within(tx), charge, () => 1));
    };
    expect(accepted).toBeTypeOf('function');
  });

  test('what is no transaction is refused by name', () => {
    expect(() => store.within({} as never)).toThrow(
      'tx must be an open transaction of pg, PGlite, drizzle, Kysely, Knex, postgres.js or Prisma, got an object',
    );
  });
});

test.each<[what: string, result: unknown]>([
  ['rows alone', []],
  ['rows and a number', [[], 0]],
  ['nothing', undefined],
])('a transaction whose query() gives %s is refused by name, before the effect', async (_what, result) => {
  const store = pgliteStore({ query() {}, transaction() {} } as never);
  const tx = { query: async () => result as { rows: unknown[] } };
  await expect(once(store.within(tx), charge, () => expect.unreachable())).rejects.toThrow(
    'tx must have a query() that resolves with { rows }',
  );
});

describe('within a transaction of drizzle on PGlite', () => {
  const lite = new PGlite();
  const db = drizzleLite(lite);
  const store = pgliteStore(lite, { table: TABLE });
  beforeAll(async () => {
    await lite.query(`create schema ${SCHEMA}`);
    await lite.query(`create table ${SCHEMA}.charges (key text)`);
    await store.setup();
  }, 90_000);
  beforeEach(async () => void (await lite.query(`truncate ${SCHEMA}.charges, ${TABLE}`)));
  afterAll(() => lite.close());
  joins(
    once,
    (work) =>
      db.transaction((tx) =>
        work((store.within as unknown as Within)(tx as never), (text = INSERT) => tx.execute(sql.raw(text))),
      ),
    async (table) =>
      ((await lite.query(`select count(*)::int as n from ${SCHEMA}.${table}`)).rows[0] as { n: number }).n,
  );
});
