import { createServer } from 'node:http';
import { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openCharges, shop } from '../../docs/examples/once/express-outbox.ts';
import type { Outbox } from '../../src/outbox/index.ts';
import { database, POSTGRES, present, schemaOf } from '../once/servers.ts';
import { soon } from '../support/eventually.ts';
import { listenOnPort } from '../support/listen.ts';
import { type Receiver, receiver, status } from './receiver.ts';

describe.runIf(await present('PostgreSQL', POSTGRES.port))(
  'the recipe with Express, once and an outbox',
  () => {
    const SCHEMA = schemaOf('orders');
    const ENGINE = schemaOf('orders_outbox');
    const pool = new Pool({ ...POSTGRES, options: `-c search_path=${SCHEMA}` });
    let db: Awaited<ReturnType<typeof database>>;
    let service: Receiver;
    let outbox: Outbox;
    let url: string;
    let before = 0;
    const sent = () => service.arrivals.length - before;
    const server = createServer((req, res) => void app(req, res));
    let app: ReturnType<typeof shop>;

    beforeAll(async () => {
      db = await database(SCHEMA);
      await pool.query(
        `create table orders (id serial primary key, account text, cents int check (cents > 0), status text default 'new', call_id uuid)`,
      );
      service = await receiver();
      outbox = await openCharges(pool, service.url, ENGINE);
      app = shop(
        pool,
        outbox,
        service.url,
        (req, _res, next) => {
          req.account = 'acme';
          next();
        },
        `${SCHEMA}.once`,
      );
      url = `http://127.0.0.1:${await listenOnPort(server)}/orders`;
    }, 120_000);
    beforeEach(async () => {
      await pool.query('truncate orders');
      service.reply = undefined;
      before = service.arrivals.length;
    });
    afterAll(async () => {
      server.close();
      await outbox.close();
      await service.close();
      await pool.query(`drop schema ${ENGINE} cascade`);
      await pool.end();
      await db.close();
    });

    const post = (key: string, cents: number) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ cents }),
      });
    const orders = async () => (await pool.query('select status from orders')).rows;

    test('an order is answered with 202, charged once after its commit, and a replay has the stored answer', async () => {
      const seen: unknown[] = [];
      // Asked of another connection: only what is committed is there.
      service.reply = async (_arrival, response) => {
        seen.push(...(await orders()));
        response.writeHead(201).end();
      };
      const first = await post('a', 100);
      expect(first.status).toBe(202);
      await soon(orders).toEqual([{ status: 'paid' }]);
      expect(seen).toEqual([{ status: 'new' }]);
      const second = await post('a', 100);
      expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
      expect(second.headers.get('location')).toBe(first.headers.get('location'));
      expect(await second.json()).toEqual(await first.json());
      expect([sent(), await orders()]).toEqual([1, [{ status: 'paid' }]]);
    }, 30_000);

    test('a refusal is written into the order, with its status', async () => {
      service.reply = status(402);
      await post('b', 100);
      await soon(orders).toEqual([{ status: 'refused: 402' }]);
    }, 30_000);

    test('an order that is rolled back owes nothing, and sends nothing', async () => {
      expect((await post('c', -1)).status).toBe(500);
      expect((await outbox.stats()).waiting + (await outbox.stats()).active).toBe(0);
      expect([sent(), await orders()]).toEqual([0, []]);
    }, 30_000);
  },
);
