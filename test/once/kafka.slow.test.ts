import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consumeTopic } from '../../docs/examples/once/kafka-consumer.ts';
import { database, schemaOf } from './servers.ts';

/**
 * No broker of Kafka's own is to be had from npm or Debian. What stands in is librdkafka's mock cluster, which speaks the
 * protocol (produce, fetch, groups, offsets) on a socket, and comes with Debian's kcat.
 */
const there = (() => {
  try {
    execFileSync('kcat', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.CI === 'true') throw new Error('No kcat, which brings the broker for the Kafka recipe');
    console.warn('Left out: no kcat, which brings the broker for the Kafka recipe');
    return false;
  }
})();

describe.runIf(there)('the Kafka recipe', () => {
  let cluster: ChildProcess;
  let kafka: Kafka;
  let db: Awaited<ReturnType<typeof database>>;

  beforeAll(async () => {
    db = await database(schemaOf('kafka'));
    await db.query(`create table ${schemaOf('kafka')}.charges (id text)`);
    cluster = spawn('kcat', [
      '-C',
      '-b',
      'mock',
      '-t',
      'none',
      '-X',
      'test.mock.num.brokers=1',
      '-X',
      'debug=mock',
    ]);
    const broker = await new Promise<string>((resolve, reject) => {
      let log = '';
      cluster.once('exit', () => reject(new Error(`kcat ended: ${log}`)));
      cluster.stderr?.on('data', (chunk: Buffer) => {
        if (log.length < 10_000) log += chunk;
        const found = /bootstrap\.servers=(127\.0\.0\.1:\d+)/.exec(log)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    kafka = new Kafka({ clientId: 'steadfetch', brokers: [broker], logLevel: logLevel.NOTHING });
  }, 60_000);
  afterAll(async () => {
    cluster?.removeAllListeners('exit');
    cluster?.kill();
    await db?.close();
  });

  test('a message whose offset was never committed is delivered again, and has one effect', {
    timeout: 60_000,
  }, async () => {
    const producer = kafka.producer();
    await producer.connect();
    const ids = Array.from({ length: 6 }, (_, n) => `charge-${n}`);
    await producer.send({ topic: 'charges', messages: ids.map((id) => ({ value: JSON.stringify({ id }) })) });
    await producer.disconnect();

    let runs = 0;
    let failures = 1;
    const effect = async (
      tx: { query(text: string, values?: unknown[]): Promise<unknown> },
      message: unknown,
    ) => {
      await tx.query(`insert into ${schemaOf('kafka')}.charges values ($1)`, [
        Reflect.get(Object(message), 'id'),
      ]);
      runs += 1;
      if (failures-- > 0) throw new Error('the effect fails once');
    };
    const consumerOf = async () => {
      const consumer = kafka.consumer({
        groupId: 'ledger',
        sessionTimeout: 6_000,
        retry: { initialRetryTime: 50, retries: 20 },
      });
      await consumer.connect();
      await consumer.subscribe({ topic: 'charges', fromBeginning: true });
      return consumer;
    };
    const booked = async () =>
      (await db.query(`select id from ${schemaOf('kafka')}.charges order by id`)).map(({ id }) => id);

    // The first consumer's word on its offsets never gets through: as if it died between the transaction and the offset.
    const deaf = await consumerOf();
    deaf.commitOffsets = async () => {};
    await consumeTopic(deaf, 'ledger', db.store.transactional, effect);
    await expect.poll(booked, { timeout: 30_000 }).toEqual(ids);
    await deaf.disconnect();
    expect(runs).toBe(7);

    let seen = 0;
    const heir = await consumerOf();
    const commit = heir.commitOffsets.bind(heir);
    heir.commitOffsets = async (offsets) => {
      await commit(offsets);
      seen += 1;
    };
    await consumeTopic(heir, 'ledger', db.store.transactional, effect);
    await expect.poll(() => seen, { timeout: 30_000 }).toBe(6);
    await heir.disconnect();
    expect(runs).toBe(7);
    expect(await booked()).toEqual(ids);
  });
});
