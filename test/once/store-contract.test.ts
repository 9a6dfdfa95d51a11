import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyStore, Store, TransactionalStore } from '../../src/once/store.ts';
import { memoryStore } from '../../src/once/stores/memory.ts';
import { mysqlStore } from '../../src/once/stores/mysql.ts';
import { openPglite } from '../../src/once/stores/pglite.ts';
import { postgresStore } from '../../src/once/stores/postgres.ts';
import { openRedis, redisStore } from '../../src/once/stores/redis.ts';
import { sqliteStore } from '../../src/once/stores/sqlite.ts';
import { storeContract, transactionContract } from '../../src/testing/index.ts';
import { POSTGRES, present, REDIS_URL, schemaOf } from './servers.ts';

const SCHEMA = schemaOf('contract');
const hasPostgres = await present('PostgreSQL', 5432);
const hasRedis = await present('Redis', 6379);

function honours<S extends AnyStore>(
  contract: readonly { title: string; check(store: S): Promise<void> }[],
  store: S,
) {
  for (const { title, check } of contract) test.concurrent(title, () => check(store));
}

describe('memory', () => honours<Store>(storeContract, memoryStore()));

describe('PGlite', async () => {
  const store = await openPglite();
  afterAll(() => store.close());
  honours<Store>(storeContract, store);
  honours<TransactionalStore<unknown>>(transactionContract, store.transactional);
});

// A native module: where it was installed without its scripts, it has no binary.
const betterSqlite = await import('better-sqlite3')
  .then(({ default: Database }) => new Database(':memory:'))
  .catch(() => undefined);
describe.runIf(betterSqlite !== undefined)('SQLite, through better-sqlite3', async () => {
  if (betterSqlite === undefined) return;
  const store = sqliteStore(betterSqlite);
  await store.setup();
  honours<Store>(storeContract, store);
  honours<TransactionalStore<unknown>>(transactionContract, store.transactional);
});

const sqlite = await import('node:sqlite' as string).catch(() => undefined); // Node 22 and later
test('SQLite is here, in one way or the other', () => {
  expect(betterSqlite ?? sqlite).toBeDefined();
});
describe.runIf(sqlite !== undefined)('SQLite, through node:sqlite', async () => {
  if (sqlite === undefined) return;
  const store = sqliteStore(new sqlite.DatabaseSync(':memory:'));
  await store.setup();
  honours<Store>(storeContract, store);
  honours<TransactionalStore<unknown>>(transactionContract, store.transactional);
});

describe.runIf(hasPostgres)('PostgreSQL', () => {
  const pool = new Pool(POSTGRES);
  const store = postgresStore(pool, { table: `${SCHEMA}.once` });
  beforeAll(async () => {
    await pool.query(`drop schema if exists ${SCHEMA} cascade`);
    await pool.query(`create schema ${SCHEMA}`);
    await store.setup();
  });
  afterAll(async () => {
    await pool.query(`drop schema ${SCHEMA} cascade`);
    await pool.end();
  });
  honours<Store>(storeContract, store);
  honours<TransactionalStore<unknown>>(transactionContract, store.transactional);
});

describe.runIf(await present('MariaDB', 3306))('MariaDB', () => {
  const pool = mysql.createPool({ host: '127.0.0.1', user: 'root', connectionLimit: 10 });
  const store = mysqlStore(pool, { table: `${SCHEMA}.once` });
  beforeAll(async () => {
    await pool.query(`create database if not exists ${SCHEMA}`);
    await store.setup();
  });
  afterAll(async () => {
    await pool.query(`drop database ${SCHEMA}`);
    await pool.end();
  });
  honours<Store>(storeContract, store);
  honours<TransactionalStore<unknown>>(transactionContract, store.transactional);
});

describe.runIf(hasRedis)('Redis, through ioredis', () => {
  const client = new Redis(REDIS_URL, { lazyConnect: true });
  const prefix = `contract:${process.pid}:ioredis:`;
  beforeAll(() => client.connect());
  afterAll(async () => {
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1000 }))
      if (keys.length > 0) await client.del(keys);
    client.disconnect();
  });
  honours<Store>(storeContract, redisStore(client, { prefix }));
});

describe.runIf(hasRedis)('Redis, through redis', () => {
  const client = createClient({ url: REDIS_URL });
  const prefix = `contract:${process.pid}:redis:`;
  beforeAll(async () => void (await client.connect()));
  afterAll(async () => {
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 }))
      if (keys.length > 0) await client.del(keys);
    await client.close();
  });
  honours<Store>(storeContract, redisStore(client, { prefix }));
});

describe.runIf(hasRedis)('openRedis', () => {
  test('brings its own client, and says at once that there is nobody', async () => {
    const prefix = `contract:${process.pid}:own:`;
    const store = await openRedis(REDIS_URL, { prefix });
    const id = { scope: '["open"]', key: 'k' };
    const terms = { fingerprint: undefined, lease: 1_000, lifetime: 1_000 };
    const claim = await store.claim(id, terms);
    expect(claim).toMatchObject({ state: 'claimed' });
    if (claim.state === 'claimed') expect(await store.release(id, claim.token)).toBe(true);
    await store.close();
    await expect(store.claim(id, terms)).rejects.toThrow();
  });
});
