import { createServer } from 'node:http';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { shop } from '../../docs/examples/once/express-postgres.ts';
import { shop as fastifyShop } from '../../docs/examples/once/fastify.ts';
import { payouts } from '../../docs/examples/once/hono.ts';
import { recordCharge } from '../../docs/examples/once/insert-only.ts';
import { consumeQueue } from '../../docs/examples/once/queue-consumer.ts';
import { memoryStore, type TransactionalStore } from '../../src/once/index.ts';
import type { Queryable } from '../../src/once/stores/sql.ts';
import { soon } from '../support/eventually.ts';
import { listenOnPort } from '../support/listen.ts';
import { database, POSTGRES, present, schemaOf } from './servers.ts';

describe.runIf(await present('PostgreSQL', 5432))('the recipes with PostgreSQL', () => {
  const SCHEMA = schemaOf('recipes');
  const pool = new Pool({ ...POSTGRES, options: `-c search_path=${SCHEMA}` });
  let db: Awaited<ReturnType<typeof database>>;
  beforeAll(async () => {
    db = await database(SCHEMA);
    await pool.query('create table charges (id serial, account text, cents int)');
    await pool.query('create table orders (id serial, account text, item text)');
    await pool.query(
      'create table processed (message_id text primary key, at timestamptz not null default now())',
    );
  });
  beforeEach(() => pool.query('truncate charges, orders, processed'));
  afterAll(async () => {
    await pool.end();
    await db.close();
  });

  test('Express: a charge is made once, and its answer is given twice', async () => {
    const app = shop(
      pool,
      (req, _res, next) => {
        req.account = 'acme';
        next();
      },
      `${SCHEMA}.once`,
    );
    const server = createServer(app);
    const port = await listenOnPort(server);
    const post = () =>
      fetch(`http://127.0.0.1:${port}/charges`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'a' },
        body: '{"cents":100}',
      });
    const [first, second] = [await post(), await post()];
    server.close();
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(await second.json()).toEqual(await first.json());
    expect((await pool.query('select cents from charges')).rows).toEqual([{ cents: 100 }]);
  });

  test('Fastify: an order is placed once, and its answer is given twice', async () => {
    const app = fastifyShop(pool, `${SCHEMA}.once`);
    const post = (key: string, item: string) =>
      app.inject({
        method: 'POST',
        url: '/orders',
        headers: { 'x-account': 'acme', 'idempotency-key': key },
        payload: { item },
      });
    const [first, second, other] = [await post('f', 'book'), await post('f', 'book'), await post('f', 'pen')];
    await app.close();
    expect([first.statusCode, second.statusCode, other.statusCode]).toEqual([201, 201, 422]);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.json()).toEqual(first.json());
    expect((await pool.query('select account, item from orders')).rows).toEqual([
      { account: 'acme', item: 'book' },
    ]);
  });

  test('insert only: the second time nothing happens', async () => {
    const client = await pool.connect();
    expect([await recordCharge(client, 'm-1', 100), await recordCharge(client, 'm-1', 100)]).toEqual([
      true,
      false,
    ]);
    client.release();
    expect((await pool.query('select cents from charges')).rows).toEqual([{ cents: 100 }]);
  });
});

test('Hono: a payout is made once, under its token', async () => {
  const tokens: unknown[] = [];
  const app = payouts(memoryStore(), async (cents, token) => {
    tokens.push(token);
    return { id: `payout of ${cents}` };
  });
  for (const replayed of [null, 'true']) {
    const reply = await app.request('/payouts', {
      method: 'POST',
      headers: { 'x-account': 'acme', 'idempotency-key': 'a' },
      body: '{"cents":100}',
    });
    expect([reply.status, reply.headers.get('idempotency-replayed')]).toEqual([201, replayed]);
    expect(await reply.json()).toEqual({ id: 'payout of 100' });
  }
  expect(tokens).toEqual([1]);
});

describe.runIf(await present('RabbitMQ', 5672))('the recipe with RabbitMQ', () => {
  const SCHEMA = schemaOf('rabbit');
  const queue = `steadfetch-test-${process.pid}`;
  let db: Awaited<ReturnType<typeof database>>;
  let connection: ChannelModel;
  let channel: Channel;
  beforeAll(async () => {
    db = await database(SCHEMA);
    await db.query(`create table ${SCHEMA}.ledger (message text)`);
  }, 30_000);
  beforeEach(async () => {
    await db.query(`truncate ${SCHEMA}.ledger, ${SCHEMA}.once`);
    connection = await connect('amqp://127.0.0.1');
    channel = await connection.createChannel();
    await channel.assertQueue(queue, { durable: false });
    await channel.purgeQueue(queue);
  });
  afterEach(async () => {
    await channel.deleteQueue(queue);
    await connection.close();
  });
  afterAll(() => db.close());

  const insert = async (tx: Queryable, message: unknown) => {
    await tx.query(`insert into ${SCHEMA}.ledger values ($1)`, [message]);
  };
  const ledger = async () =>
    (await db.query(`select message from ${SCHEMA}.ledger order by message`)).map((row) => row.message);
  const send = (messageId: string | undefined, message: string) =>
    channel.sendToQueue(
      queue,
      Buffer.from(JSON.stringify(message)),
      messageId === undefined ? {} : { messageId },
    );
  /** How many the broker still has, those included that were delivered and not acknowledged. */
  const left = async () => {
    await channel.close();
    channel = await connection.createChannel();
    return (await channel.checkQueue(queue)).messageCount;
  };
  const report = () => {};

  test('a message that is sent twice has one effect', async () => {
    const ack = vi.spyOn(channel, 'ack');
    await consumeQueue(channel, queue, db.store.transactional, insert, report);
    for (const id of ['m-1', 'm-2', 'm-1', 'm-1', 'm-2']) send(id, id);
    await soon(() => ack.mock.calls.length).toBe(5);
    expect(await left()).toBe(0);
    expect(await ledger()).toEqual(['m-1', 'm-2']);
  });

  test('a message whose consumer dies between commit and acknowledgement is delivered again, without a second effect', async () => {
    const doomed = await connect('amqp://127.0.0.1');
    doomed.on('error', () => {});
    const doomedChannel = await doomed.createChannel();
    const died = new Promise<void>((resolve) => doomed.on('close', () => resolve()));
    const dying: TransactionalStore<Queryable> = {
      async transaction(work) {
        const value = await db.store.transactional.transaction(work);
        await doomed.close(); // committed, and never acknowledged
        return value;
      },
    };
    await consumeQueue(doomedChannel, queue, dying, insert, report);
    send('m-1', 'm-1');
    await died;
    expect(await ledger()).toEqual(['m-1']);

    const ack = vi.spyOn(channel, 'ack');
    await consumeQueue(channel, queue, db.store.transactional, insert, report);
    await soon(() => ack.mock.calls.map(([message]) => message.fields.redelivered)).toEqual([true]);
    expect(await left()).toBe(0);
    expect(await ledger()).toEqual(['m-1']);
  });

  test('a message whose effect fails comes again, until it succeeds', async () => {
    const ack = vi.spyOn(channel, 'ack');
    const reported: unknown[] = [];
    let failures = 2;
    const effect = async (tx: Queryable, message: unknown) => {
      await insert(tx, message);
      if (failures-- > 0) throw new Error('deadlock');
    };
    await consumeQueue(channel, queue, db.store.transactional, effect, (error) => reported.push(error));
    send('m-1', 'm-1');
    await soon(() => ack.mock.calls.length).toBe(1);
    expect(reported).toMatchObject([{ message: 'deadlock' }, { message: 'deadlock' }]);
    expect(await ledger()).toEqual(['m-1']);
  });

  test('a message without an id is not run at all', async () => {
    const nack = vi.spyOn(channel, 'nack');
    await consumeQueue(channel, queue, db.store.transactional, insert, report);
    send(undefined, 'who am I');
    await soon(() => nack.mock.calls.length).toBe(1);
    expect(await left()).toBe(0);
    expect(await ledger()).toEqual([]);
  });
});
