/** Express + PostgreSQL: the charge, its key and its answer are one transaction. */
import express, { type Express, type Request } from 'express';
import type { Pool } from 'pg';
import { postgresStore } from 'steadfetch/once/postgres';
import { idempotency } from 'steadfetch/server/node';

/** A stand-in for your own authentication. */
declare module 'express-serve-static-core' {
  interface Request {
    account?: string;
  }
}

export function shop(pool: Pool, authenticate: express.RequestHandler, table?: string): Express {
  const store = postgresStore(pool, table === undefined ? {} : { table }); // run store.setup() when you migrate
  const once = idempotency({
    store: store.transactional,
    scope: (req: Request) => ({ operation: 'charge', tenant: req.account ?? '' }),
  });

  const app = express();
  app.post('/charges', authenticate, once, express.json(), async (req, res) => {
    const db = once.context(req) ?? pool;
    const { rows } = await db.query('insert into charges (account, cents) values ($1, $2) returning id', [
      req.account,
      req.body.cents,
    ]);
    res.status(201).location(`/charges/${rows[0].id}`).json({ id: rows[0].id });
  });
  return app;
}
