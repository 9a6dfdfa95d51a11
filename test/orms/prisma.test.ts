import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { fromPrisma } from 'pg-boss';
import { createFetch } from 'steadfetch';
import { once } from 'steadfetch/once';
import { postgresStore } from 'steadfetch/once/postgres';
import { openOutbox } from 'steadfetch/outbox';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { joins } from '../once/joins.ts';
import { POSTGRES, schemaOf } from '../once/servers.ts';
import { takeCallsAlong } from '../outbox/take-calls-along.ts';
import type { PrismaClient } from './reports/prisma/client.ts';

const SCHEMA = schemaOf('prisma');

/** The client that Prisma makes of prisma/schema.prisma, into a folder that git ignores. */
async function prismaClient(schema = 'public'): Promise<PrismaClient> {
  const { PrismaClient } = await import('./reports/prisma/client.ts');
  return new PrismaClient({ adapter: new PrismaPg(POSTGRES, { schema }) });
}

beforeAll(() => {
  const prisma = join(import.meta.dirname, 'node_modules/prisma/build/index.js');
  // Generating needs no engine; the command would download one all the same.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
  execFileSync(process.execPath, [prisma, 'generate'], { cwd: import.meta.dirname, env, stdio: 'pipe' });
}, 60_000);

describe('once within a transaction of Prisma', () => {
  const pool = new pg.Pool({ ...POSTGRES, max: 2 });
  const store = postgresStore(pool, { table: `${SCHEMA}.once` });
  let prisma: PrismaClient;

  beforeAll(async () => {
    prisma = await prismaClient(SCHEMA);
    await pool.query(`create schema ${SCHEMA}`);
    await pool.query(`create table ${SCHEMA}.charges (key text primary key)`);
    await store.setup();
  });
  beforeEach(async () => void (await pool.query(`truncate ${SCHEMA}.charges, ${SCHEMA}.once`)));
  afterAll(async () => {
    await prisma.$disconnect();
    await pool.query(`drop schema ${SCHEMA} cascade`);
    await pool.end();
  });

  joins(
    once,
    (work) =>
      prisma.$transaction((tx) =>
        work(store.within(tx), async (text) =>
          text === undefined ? tx.charge.create({ data: { key: randomUUID() } }) : tx.$queryRawUnsafe(text),
        ),
      ),
    async (table) => Number((await pool.query(`select count(*) from ${SCHEMA}.${table}`)).rows[0].count),
  );

  test('every state of a key is understood, whatever types Prisma makes of its columns', async () => {
    const id = { scope: { operation: 'charge', tenant: 'acme' }, key: 'states' };
    const effect = () => ({ bytes: 'ä', n: 2 ** 40 });
    const within = (fingerprint: string) =>
      prisma.$transaction((tx) => once(store.within(tx), { ...id, fingerprint }, effect));
    expect(await within('one')).toEqual({ value: effect(), replayed: false });
    expect(await within('one')).toEqual({ value: effect(), replayed: true });
    await expect(within('two')).rejects.toMatchObject({ name: 'KeyReusedError' });
    // One that is running under a lease, elsewhere.
    const running = { ...id, key: 'running' };
    await once(store, running, async () => {
      const meanwhile = prisma.$transaction((tx) => once(store.within(tx), running, effect));
      await expect(meanwhile).rejects.toMatchObject({
        name: 'InProgressError',
        retryAfter: expect.any(Number),
      });
    });
    // And what the store itself reads, Prisma wrote.
    expect(await once(store, { ...id, fingerprint: 'one' }, effect)).toEqual({
      value: effect(),
      replayed: true,
    });
  });
});

takeCallsAlong(
  [
    [
      'Prisma',
      async () => {
        const prisma = await prismaClient();
        return {
          transact: (id, add, then) =>
            prisma.$transaction(async (tx) => {
              await tx.order.create({ data: { id } });
              await add(fromPrisma(tx));
              then();
            }),
          close: () => prisma.$disconnect(),
        };
      },
    ],
  ],
  (pool, schema) => openOutbox(pool, { fetch: createFetch(), schema }),
);

test('the types of the packed package take a transaction of Prisma', () => {
  const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
  let complaints = '';
  try {
    execFileSync(process.execPath, [tsc, '-p', import.meta.dirname], { encoding: 'utf8' });
  } catch (error) {
    complaints = String(Reflect.get(error as object, 'stdout'));
  }
  expect(complaints).toBe('');
}, 120_000);
