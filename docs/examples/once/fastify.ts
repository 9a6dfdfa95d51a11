/** Fastify + PostgreSQL: the order, its key and its answer are one transaction. */
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Pool } from 'pg';
import { postgresStore } from 'steadfetch/once/postgres';
import { idempotency } from 'steadfetch/server/fastify';

/** A stand-in for your own authentication. */
const accountOf = (request: FastifyRequest): string => String(request.headers['x-account'] ?? '');

export function shop(pool: Pool, table?: string): FastifyInstance {
  const store = postgresStore(pool, table === undefined ? {} : { table }); // run store.setup() when you migrate
  const once = idempotency({
    store: store.transactional,
    scope: (request) => ({ operation: 'order', tenant: accountOf(request) }),
  });

  const app = fastify();
  // Only the routes of this scope are protected. Their authentication belongs in front: an onRequest hook.
  app.register(async (orders) => {
    await orders.register(once);
    orders.post<{ Body: { item: string } }>('/orders', async (request, reply) => {
      const db = once.context(request) ?? pool;
      const { rows } = await db.query('insert into orders (account, item) values ($1, $2) returning id', [
        accountOf(request),
        request.body.item,
      ]);
      return reply.code(201).send({ id: rows[0].id });
    });
  });
  return app;
}
