/**
 * `npm run bench:outbox`: what the outbox costs, next to pg-boss as one would write it by hand. Calls go to a service
 * in this process that answers at once. Both take turns, a block of calls each; a cost is the median of the pairs'
 * quotients, so that what else the machine does hits both.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';
import { type Db, PgBoss } from 'pg-boss';
import { createFetch } from '../../src/index.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import { POSTGRES, schemaOf } from '../once/servers.ts';

const CALLS = Number(process.env.BENCH_CALLS ?? 400);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 25);
const CONCURRENCY = 10;
const BODY = JSON.stringify({ amount: 4_200, currency: 'EUR', customer: 'c-17', note: 'x'.repeat(200) });

/** One way to owe calls and to make them. */
interface Contender {
  readonly name: string;
  /** Owes one call, in a transaction with a row of its own. */
  add(key: string): Promise<void>;
  /** Makes all that are owed; resolves when the last is recorded. */
  deliver(count: number): Promise<void>;
  close(): Promise<void>;
}

async function inTransaction(pool: Pool, work: (db: Db) => Promise<unknown>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('insert into steadfetch_bench (note) values ($1)', ['an order']);
    await work({ executeSql: (text, values) => client.query(text, values) });
    await client.query('commit');
  } finally {
    client.release();
  }
}

async function byHand(url: string, pool: Pool): Promise<Contender> {
  const schema = `${schemaOf('bench')}_hand`;
  const db: Db = { executeSql: (text, values) => pool.query(text, values) };
  const boss = new PgBoss({ db, schema, schedule: false, supervise: false });
  await boss.start();
  await boss.createQueue('calls', { retryLimit: 1_000, retryBackoff: true, heartbeatSeconds: 30 });
  const api = createFetch();
  interface Owed {
    readonly key: string;
    readonly body: string;
  }
  return {
    name: 'pg-boss by hand',
    add: (key) => inTransaction(pool, (tx) => boss.send('calls', { key, body: BODY }, { db: tx })),
    // Not `work`: that pauses between batches, and would lose by a long way.
    async deliver(count) {
      for (let left = count; left > 0; ) {
        const jobs = await boss.fetch<Owed>('calls', { batchSize: CONCURRENCY });
        const one = async ({ data }: { data: Owed }) => {
          const response = await api(url, { method: 'POST', body: data.body, idempotencyKey: data.key });
          await response.body?.cancel();
          if (!response.ok) throw new Error(`${response.status}`);
        };
        await Promise.all(jobs.map(one));
        await boss.complete('calls', jobs);
        left -= jobs.length;
      }
    },
    async close() {
      await boss.stop({ graceful: false, close: false });
      await pool.query(`drop schema ${schema} cascade`);
    },
  };
}

async function steadfetch(url: string, pool: Pool): Promise<Contender> {
  const schema = `${schemaOf('bench')}_outbox`;
  const outbox = await openOutbox(pool, { fetch: createFetch(), schema });
  return {
    name: 'steadfetch/outbox',
    add: (key) =>
      inTransaction(pool, (tx) => outbox.add(tx, url, { method: 'POST', body: BODY, idempotencyKey: key })),
    async deliver(count) {
      let left = count;
      const done = new Promise<void>((resolve) => {
        outbox.on('done', () => {
          left -= 1;
          if (left === 0) resolve();
        });
      });
      const worker = outbox.work({ concurrency: CONCURRENCY, poll: 500 });
      await done;
      await worker.stop();
    },
    async close() {
      await outbox.close();
      await pool.query(`drop schema ${schema} cascade`);
    },
  };
}

/** Keeps `width` of them under way. */
async function crowd(count: number, width: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const service = createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(201).end());
});
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/charges`;
const pool = new Pool({ ...POSTGRES, max: 20 });
await pool.query('create table if not exists steadfetch_bench (id bigserial primary key, note text)');
const contenders = [await byHand(url, pool), await steadfetch(url, pool)];
/** Seconds of each round, by contender. */
const adding: number[][] = [[], []];
const delivering: number[][] = [[], []];

for (let round = 0; round <= ROUNDS; round += 1) {
  const turns = round % 2 === 0 ? [0, 1] : [1, 0];
  for (const [work, times] of [
    [(one: Contender) => crowd(CALLS, CONCURRENCY, (n) => one.add(`round-${round}-${n}`)), adding],
    [(one: Contender) => one.deliver(CALLS), delivering],
  ] as const) {
    for (const at of turns) {
      const time = await seconds(() => work(contenders[at] as Contender));
      // The first round warms up.
      if (round > 0) times[at]?.push(time);
    }
  }
}
for (const contender of contenders) await contender.close();
await pool.query('drop table steadfetch_bench');
await pool.end();
service.close();

const rate = (times: readonly number[] = []) => CALLS / median(times);
for (const [at, { name }] of contenders.entries()) {
  const [adds, deliveries] = [rate(adding[at]), rate(delivering[at])].map((n) => n.toFixed(0).padStart(6));
  process.stdout.write(`${name.padEnd(18)} ${adds} adds/s  ${deliveries} deliveries/s\n`);
}
const quotient = ([hand = [], ours = []]: readonly number[][]) =>
  median(ours.map((time, round) => time / (hand[round] ?? Number.NaN)));
const cost = { add: quotient(adding), deliver: quotient(delivering) };
process.stdout.write(
  `cost: ${cost.add.toFixed(2)} × to add, ${cost.deliver.toFixed(2)} × to deliver (${ROUNDS} pairs of ${CALLS} calls, concurrency ${CONCURRENCY}, Node ${process.version})\n`,
);
const goals: readonly [string, boolean][] = [
  ['1,000 adds per second', rate(adding[1]) >= 1_000],
  ['500 deliveries per second', rate(delivering[1]) >= 500],
  ['at most 1.2 × the cost of pg-boss by hand, to add', cost.add <= 1.2],
  ['at most 1.2 × the cost of pg-boss by hand, to deliver', cost.deliver <= 1.2],
];
for (const [goal, reached] of goals) process.stdout.write(`${reached ? '✓' : '✗'} ${goal}\n`);
process.exitCode = goals.every(([, reached]) => reached) ? 0 : 1;
