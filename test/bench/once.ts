/**
 * What `once` costs, against a PostgreSQL on 127.0.0.1:5432 (and a Redis on 6379, where one is): `npx tsx test/bench/once.ts`.
 * Every figure of docs/once.md is printed here.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createClient } from 'redis';
import { once } from '../../src/once/index.ts';
import { postgresStore } from '../../src/once/stores/postgres.ts';
import { redisStore } from '../../src/once/stores/redis.ts';
import { idempotent } from '../../src/server/index.ts';
import { POSTGRES, present, REDIS_URL, schemaOf } from '../once/servers.ts';
import { concurrently } from '../support/concurrently.ts';

const SCHEMA = schemaOf('bench');
const ROUNDS = 15;
const CALLS = 300;
const KEYS = 10_000;
const CONNECTIONS = 8;
const RESULT = { id: 'ch_3P8nR2eZvKYlo2C1', status: 'succeeded', cents: 4200 };

const pool = new pg.Pool({ ...POSTGRES, max: CONNECTIONS });
const store = postgresStore(pool, { table: `${SCHEMA}.once` });
const charge = (key: string) => ({
  scope: { operation: 'charge', tenant: 'acct_1MqLiJLkdIwHu7ix' },
  key,
  fingerprint: 'R7bkuRQKzKWXoEOEgtEIxmXBPrf1MlfCxU8gSjvXwPQ',
});
const insert = `insert into ${SCHEMA}.charges (order_id, cents) values ($1, $2)`;

/** The two statements as anyone would write them, in a transaction of their own. */
async function byHand(key: string): Promise<void> {
  const client = await pool.connect();
  await client.query('begin');
  await client.query(
    `insert into ${SCHEMA}.markers (tenant, key, fingerprint, result) values ($1, $2, $3, $4) on conflict do nothing`,
    ['acct_1MqLiJLkdIwHu7ix', key, charge(key).fingerprint, JSON.stringify(RESULT)],
  );
  await client.query(insert, [key, 4200]);
  await client.query('commit');
  client.release();
}

const inTransaction = (key: string) =>
  once(store.transactional, charge(key), async (tx) => {
    await tx.query(insert, [key, 4200]);
    return RESULT;
  });

/** Milliseconds for one call, with this many at a time. */
async function time(
  call: (key: string) => Promise<unknown>,
  keys: readonly string[],
  limit: number,
): Promise<number> {
  const queue = [...keys];
  const started = performance.now();
  await concurrently(limit, async () => {
    const key = queue.pop();
    if (key !== undefined) await call(key);
    return key !== undefined;
  });
  return (performance.now() - started) / keys.length;
}

const fresh = (n: number) => Array.from({ length: n }, () => randomUUID());
const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const show = (name: string, value: string) => console.log(`${name.padEnd(58)} ${value}`);

async function cost(limit: number): Promise<void> {
  const rounds: { hand: number; ours: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Side by side, and each first in turn, so that what else the machine does hits both.
    const measured = { hand: 0, ours: 0 };
    for (const which of round % 2 === 0 ? (['hand', 'ours'] as const) : (['ours', 'hand'] as const))
      measured[which] = await time(which === 'hand' ? byHand : inTransaction, fresh(CALLS), limit);
    rounds.push(measured);
  }
  const [hand, ours] = [median(rounds.map((round) => round.hand)), median(rounds.map((round) => round.ours))];
  show(`two statements by hand, ${limit} at a time`, `${hand.toFixed(2)} ms`);
  show(`once in a transaction, ${limit} at a time`, `${ours.toFixed(2)} ms`);
  show('  ratio, median of the rounds', median(rounds.map((round) => round.ours / round.hand)).toFixed(2));
}

async function replays(
  name: string,
  replay: (key: string) => Promise<unknown>,
  keys: readonly string[],
): Promise<void> {
  const rounds: number[] = [];
  for (let round = 0; round < 5; round++)
    rounds.push(await time(replay, keys.slice(0, 5_000), 2 * CONNECTIONS));
  show(`replays, ${name}`, `${Math.round(1_000 / median(rounds))} / s`);
}

async function main(): Promise<void> {
  await pool.query(`drop schema if exists ${SCHEMA} cascade`);
  await pool.query(`create schema ${SCHEMA}`);
  await pool.query(`create table ${SCHEMA}.charges (order_id text, cents int)`);
  await pool.query(`create table ${SCHEMA}.markers (
    tenant text, key text, fingerprint text, result jsonb, at timestamptz default now(), primary key (tenant, key))`);
  await store.setup();

  await time(byHand, fresh(CALLS), CONNECTIONS);
  await time(inTransaction, fresh(CALLS), CONNECTIONS);
  for (const limit of [1, CONNECTIONS]) await cost(limit);

  await pool.query(`truncate ${SCHEMA}.once`);
  const keys = fresh(KEYS);
  await time(inTransaction, keys, CONNECTIONS);
  const never = () => {
    throw new Error('the effect ran again');
  };
  await replays('PostgreSQL, lease mode', (key) => once(store, charge(key), never), keys);
  await replays('PostgreSQL, transaction', (key) => once(store.transactional, charge(key), never), keys);

  const size = async () =>
    (await pool.query(`select pg_total_relation_size('${SCHEMA}.once')::int / ${KEYS} as bytes`)).rows[0]
      .bytes;
  show('bytes for a key, PostgreSQL, table and indexes', `${await size()}`);
  await pool.query(`vacuum full ${SCHEMA}.once`);
  show('  the same after vacuum full', `${await size()}`);

  if (await present('Redis', 6379)) {
    const client = createClient({ url: REDIS_URL });
    await client.connect();
    const prefix = `bench:${process.pid}:`;
    const redis = redisStore(client, { prefix });
    await time((key) => once(redis, charge(key), () => RESULT), keys, CONNECTIONS);
    await replays('Redis', (key) => once(redis, charge(key), never), keys);
    const names: string[] = [];
    for await (const some of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1_000 })) names.push(...some);
    show('bytes for a key, Redis', `${await client.memoryUsage(names[0] ?? '')}`);
    while (names.length > 0) await client.del(names.splice(0, 1_000));
    await client.close();
  }

  await pool.query(`truncate ${SCHEMA}.once`);
  const handler = idempotent(() => Response.json(RESULT, { status: 201 }), {
    store,
    scope: () => charge('').scope,
  });
  const post = (key: string) =>
    handler(
      new Request('http://localhost/charges', {
        method: 'POST',
        body: '{}',
        headers: { 'idempotency-key': key },
      }),
    );
  await time(post, keys, CONNECTIONS);
  await pool.query(`vacuum full ${SCHEMA}.once`);
  show('bytes for a key with a stored response, after vacuum full', `${await size()}`);

  await pool.query(`drop schema ${SCHEMA} cascade`);
  await pool.end();
}

await main();
