import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import knex from 'knex';
import { Kysely, sql as kyselySql, PostgresDialect } from 'kysely';
import pg from 'pg';
import { fromDrizzle, fromKnex, fromKysely } from 'pg-boss';
import { createFetch } from '../../src/index.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import { POSTGRES } from '../once/servers.ts';
import { type Library, takeCallsAlong } from './take-calls-along.ts';

// Prisma, with its hundreds of megabytes: test/orms.
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
} satisfies Record<string, (pool: pg.Pool) => Promise<Library>>);

takeCallsAlong(libraries, (pool, schema) => openOutbox(pool, { fetch: createFetch(), schema }));
