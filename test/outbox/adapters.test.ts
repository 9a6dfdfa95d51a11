import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import knex from 'knex';
import { Kysely, sql as kyselySql, PostgresDialect } from 'kysely';
import pg from 'pg';
import { fromDrizzle, fromKnex, fromKysely, fromPrisma } from 'pg-boss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import type { AdaptedTx } from '../../src/outbox/database.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import type { Outbox } from '../../src/outbox/outbox.ts';
import { POSTGRES, present, schemaOf } from '../once/servers.ts';
import { type Receiver, receiver } from './receiver.ts';

/** Writes an order, adds its call through the library's own transaction, and then does what `then` says. */
type Transact = (id: string, add: (tx: AdaptedTx) => Promise<unknown>, then: () => void) => Promise<unknown>;

interface Library {
  readonly transact: Transact;
  close(): Promise<unknown>;
}

const libraries: readonly [name: string, open: (pool: pg.Pool) => Promise<Library>][] = Object.entries({
  drizzle: async (pool) => {
    const db = drizzle(pool);
    return {
      transact: (id, add, then) =>
        db.transaction(async (tx) => {
          await tx.execute(sql`insert into steadfetch_adapters (id) values (${id})`);
          await add(fromDrizzle(tx, sql));
          then();
        }),
      close: async () => {},
    };
  },
  knex: async () => {
    const db = knex({ client: 'pg', connection: POSTGRES });
    return {
      transact: (id, add, then) =>
        db.transaction(async (tx) => {
          await tx('steadfetch_adapters').insert({ id });
          await add(fromKnex(tx));
          then();
        }),
      close: () => db.destroy(),
    };
  },
  kysely: async () => {
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new pg.Pool(POSTGRES) }) });
    return {
      transact: (id, add, then) =>
        db.transaction().execute(async (tx) => {
          await kyselySql`insert into steadfetch_adapters (id) values (${id})`.execute(tx);
          await add(fromKysely(tx));
          then();
        }),
      close: () => db.destroy(),
    };
  },
  Prisma: async () => {
    const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
    const schema = fileURLToPath(new URL('prisma/schema.prisma', import.meta.url));
    // Generating needs no engine; the command would download one all the same.
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
    execFileSync(process.execPath, [prisma, 'generate', '--schema', schema], { env, stdio: 'pipe' });
    const generated = new URL('../../node_modules/.cache/steadfetch-prisma/client.ts', import.meta.url).href;
    const { PrismaClient } = await import(/* @vite-ignore */ generated);
    const client = new PrismaClient({ adapter: new PrismaPg(POSTGRES) });
    return {
      transact: (id, add, then) =>
        client.$transaction(
          async (
            tx: Parameters<typeof fromPrisma>[0] & { order: { create(row: object): Promise<unknown> } },
          ) => {
            await tx.order.create({ data: { id } });
            await add(fromPrisma(tx));
            then();
          },
        ),
      close: () => client.$disconnect(),
    };
  },
} satisfies Record<string, (pool: pg.Pool) => Promise<Library>>);

describe.runIf(await present('PostgreSQL', POSTGRES.port))('a transaction of', () => {
  const schema = schemaOf('adapters');
  const pool = new pg.Pool(POSTGRES);
  let service: Receiver;
  let outbox: Outbox;

  beforeAll(async () => {
    await pool.query(`drop schema if exists ${schema} cascade; drop table if exists steadfetch_adapters`);
    await pool.query('create table steadfetch_adapters (id text primary key)');
    service = await receiver();
    outbox = await openOutbox(pool, { fetch: createFetch(), schema });
  }, 60_000);
  beforeEach(() => pool.query('truncate steadfetch_adapters'));
  afterAll(async () => {
    await outbox.close();
    await service.close();
    await pool.query(`drop schema ${schema} cascade; drop table steadfetch_adapters`);
    await pool.end();
  });

  test.each(libraries)('%s takes a call along, or takes it back', { timeout: 60_000 }, async (name, open) => {
    const { transact, close } = await open(pool);
    const init = (key: string) => ({
      method: 'POST',
      body: 'it\'s {"a":1}',
      idempotencyKey: key,
      headers: { accept: 'application/json' },
    });
    const add =
      (key: string, more = {}) =>
      (tx: AdaptedTx) =>
        outbox.add(tx, `${service.url}/${name}`, { ...init(key), ...more });
    let call: { id: string } | undefined;
    const keep = async (tx: AdaptedTx) => {
      call = await add(`${name}-1`)(tx);
    };
    await transact('one', keep, () => {});
    const failing = transact('two', add(`${name}-2`), () => {
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    // The same again, found in the same transaction; and one with a group, which takes a second statement.
    await transact('three', add(`${name}-1`), () => {});
    await transact('four', add(`${name}-3`, { group: 'g' }), () => {});
    await close();

    expect((await pool.query('select id from steadfetch_adapters order by id')).rows).toEqual([
      { id: 'four' },
      { id: 'one' },
      { id: 'three' },
    ]);
    expect(await outbox.now(call as { id: string })).toMatchObject({ outcome: 'done' });
    expect(service.arrivals.at(-1)).toMatchObject({
      path: `/${name}`,
      key: `${name}-1`,
      body: 'it\'s {"a":1}',
    });
    expect((await outbox.stats()).origins[service.url]?.waiting).toBe(1);
    await pool.query(`truncate ${schema}.job`);
  });
});
