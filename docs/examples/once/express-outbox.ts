/** Express + outbox: the order, its key, its answer and the charge that it owes are one transaction. */
import express, { type Express, type Request } from 'express';
import type { Pool } from 'pg';
import { createFetch } from 'steadfetch';
import { postgresStore } from 'steadfetch/once/postgres';
import { type Outbox, openOutbox, type Result, type Tx } from 'steadfetch/outbox';
import { idempotency } from 'steadfetch/server/node';

/** A stand-in for your own authentication. */
declare module 'express-serve-static-core' {
  interface Request {
    account?: string;
  }
}

/** An outbox in the orders' own database. What becomes of a charge is written into its order. */
export function openCharges(pool: Pool, pay: string, schema = 'steadfetch'): Promise<Outbox> {
  const rules = { endpoints: { [`POST ${pay}/*`]: { idempotency: 'stripe' } } } as const;
  /** By the call's id, which the order has had since `add`. An order that is not found is an error, and not silence. */
  const settle = async (tx: Tx, { call }: Result, status: string) => {
    const { rows } = await tx.query('update orders set status = $2 where call_id = $1 returning id', [
      call.id,
      status,
    ]);
    if (rows.length !== 1) throw new Error(`no order has the call ${call.id}`);
  };
  return openOutbox(pool, {
    fetch: createFetch(rules),
    rules,
    schema,
    onDone: (tx, result) => settle(tx, result, 'paid'),
    onRefused: (tx, result) => settle(tx, result, `refused: ${result.last?.status ?? result.last?.why}`),
    onExpired: (tx, result) => settle(tx, result, `to be checked: ${result.last?.delivery}`),
  });
}

export function shop(
  pool: Pool,
  outbox: Outbox,
  pay: string,
  authenticate: express.RequestHandler,
  table?: string,
): Express {
  const store = postgresStore(pool, table === undefined ? {} : { table }); // run store.setup() when you migrate
  const once = idempotency({
    store: store.transactional,
    scope: (req: Request) => ({ operation: 'order', tenant: req.account ?? '' }),
  });

  const app = express();
  app.post('/orders', authenticate, once, express.json(), async (req, res) => {
    const tx = once.context(req);
    if (tx === undefined) throw new Error('this route needs a transaction');
    const { rows } = await tx.query('insert into orders (account, cents) values ($1, $2) returning id', [
      req.account,
      req.body.cents,
    ]);
    const id = String(rows[0].id);
    const call = await outbox.add(tx, `${pay}/charges`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ order: id, cents: req.body.cents }),
      idempotencyKey: ['charge', id],
    });
    await tx.query('update orders set call_id = $2 where id = $1', [id, call.id]);
    // The answer leaves after the commit. If it was none, there is no such call, and nothing is sent; the worker takes what is left.
    res.once('finish', () => void outbox.now(call).catch(() => undefined));
    res.status(202).location(`/orders/${id}`).json({ id });
  });
  return app;
}
