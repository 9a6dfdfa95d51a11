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
import { POSTGRES, present, schemaOf } from './servers.ts';

vi.setConfig({ testTimeout: 60_000 }); // some of these libraries take their time to connect on a busy machine
const SCHEMA = schemaOf('within');
const TABLE = `${SCHEMA}.once`;
const INSERT = `insert into ${SCHEMA}.charges values ('row')`;
const charge = { scope: { operation: 'charge', tenant: 'acme' }, key: 'a', fingerprint: 'one' };

type Within = (tx: never) => TransactionalStore<unknown>;
/** Opens a transaction with the library and hands over ours in it, and a way to write a row. */
type Transaction = <T>(
  work: (store: TransactionalStore<unknown>, insert: () => Promise<unknown>) => Promise<T>,
) => Promise<T>;

/** What `within` promises, whichever library opened the transaction. */
function joins(transaction: Transaction, count: (table: string) => Promise<number>) {
  test('key and row are committed with it, and a repeat in it or after it gets the value', async () => {
    const first = await transaction(async (store, insert) => {
      const effect = () => insert().then(() => ({ cents: 100 }));
      const value = await once(store, charge, effect);
      expect(await once(store, charge, () => expect.unreachable())).toMatchObject({ replayed: true });
      return value;
    });
    expect(first).toEqual({ value: { cents: 100 }, replayed: false });
    const second = await transaction((store) => once(store, charge, () => expect.unreachable()));
    expect(second).toEqual({ value: { cents: 100 }, replayed: true });
    await expect(
      transaction((store) => once(store, { ...charge, fingerprint: 'two' }, () => expect.unreachable())),
    ).rejects.toMatchObject({ name: 'KeyReusedError' });
    expect([await count('charges'), await count('once')]).toEqual([1, 1]);
  });

  test('an effect that fails leaves nothing, even if the transaction is committed', async () => {
    await transaction(async (store, insert) => {
      const failing = once(store, charge, () => insert().then(() => Promise.reject(new Error('declined'))));
      await expect(failing).rejects.toThrow('declined');
      await insert();
    });
    expect([await count('charges'), await count('once')]).toEqual([1, 0]);
  });

  test('a rollback takes key and row back', async () => {
    const rolledBack = transaction(async (store, insert) => {
      await once(store, charge, () => insert().then(() => 'done'));
      throw new Error('the caller changed its mind');
    });
    await expect(rolledBack).rejects.toThrow('changed its mind');
    expect([await count('charges'), await count('once')]).toEqual([0, 0]);
  });
}

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
    'drizzle on node-postgres': (work) =>
      drizzleDb.transaction((tx) => work(within(tx as never), () => tx.execute(sql.raw(INSERT)))),
    'drizzle on postgres.js': (work) =>
      drizzleJs.transaction((tx) => work(within(tx as never), () => tx.execute(sql.raw(INSERT)))),
    Kysely: (work) =>
      kysely
        .transaction()
        .execute((tx) => work(within(tx as never), () => tx.executeQuery(CompiledQuery.raw(INSERT)))),
    Knex: (work) => knexDb.transaction((tx) => work(within(tx as never), async () => tx.raw(INSERT))),
    'postgres.js': (work) =>
      postgresJs.begin((tx) => work(within(tx as never), async () => tx.unsafe(INSERT))) as never,
  };
  describe.each(Object.entries(libraries))('%s', (_name, transaction) => joins(transaction, count));

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
    (work) =>
      db.transaction((tx) =>
        work((store.within as unknown as Within)(tx as never), () => tx.execute(sql.raw(INSERT))),
      ),
    async (table) =>
      ((await lite.query(`select count(*)::int as n from ${SCHEMA}.${table}`)).rows[0] as { n: number }).n,
  );
});
