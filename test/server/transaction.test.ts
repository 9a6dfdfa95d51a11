import { createServer, type RequestListener, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import Koa from 'koa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Queryable } from '../../src/once/stores/sql.ts';
import { idempotency as forFastify } from '../../src/server/adapters/fastify.ts';
import { idempotency as forHono } from '../../src/server/adapters/hono.ts';
import { idempotency as forKoa } from '../../src/server/adapters/koa.ts';
import { idempotency as forExpress, idempotentListener } from '../../src/server/adapters/node.ts';
import { idempotent } from '../../src/server/index.ts';
import { database, schemaOf } from '../once/servers.ts';
import { listenOnPort } from '../support/listen.ts';

const SCHEMA = schemaOf('server');
let db: Awaited<ReturnType<typeof database>>;
let server: Server | undefined;

beforeAll(async () => {
  db = await database(SCHEMA);
  await db.query(`create table ${SCHEMA}.charges (n serial)`);
}, 30_000);
beforeEach(() => db.query(`truncate ${SCHEMA}.charges, ${SCHEMA}.once`));
afterEach(() => void server?.close());
afterAll(() => db.close());

/** Writes a row in the handler's transaction, and answers with a status. */
async function charge(tx: Queryable | undefined, status: number) {
  if (tx === undefined) throw new Error('no transaction');
  await tx.query(`insert into ${SCHEMA}.charges default values`);
  return status;
}

const options = (more: object = {}) => ({
  store: db.store.transactional,
  scope: () => ({ operation: 'charge', tenant: 'acme' }),
  onError: (error: unknown) => errors.push(error),
  ...more,
});
const errors: unknown[] = [];

/** What the handlers do: `/404` writes a row and answers with that status, `/throw/404` writes a row and throws it. */
async function handle(path: string, tx: Queryable | undefined): Promise<number> {
  const [, first, second] = path.split('/');
  if (first === 'throw') {
    await charge(tx, 0);
    throw Object.assign(new Error('refused'), { status: Number(second), statusCode: Number(second) });
  }
  if (first === 'swallow') {
    await tx?.query('select 1/0').catch(() => {});
    return 201;
  }
  return charge(tx, Number(first));
}

/** Each framework, answering as it does by itself. */
const listeners: Record<string, (more?: object) => Promise<RequestListener> | RequestListener> = {
  'a web-standard handler': (more) =>
    getRequestListener(
      idempotent(
        async (request, tx) =>
          new Response(null, { status: await handle(new URL(request.url).pathname, tx) }),
        options(more),
      ),
      { errorHandler: () => new Response(null, { status: 500 }) },
    ),
  'node:http': (more) =>
    idempotentListener(async (req, res, tx) => {
      res.statusCode = await handle(req.url ?? '', tx);
      res.end();
    }, options(more)),
  Express(more) {
    const guard = forExpress(options(more));
    const app = express().use(guard, async (req, res) => {
      res.sendStatus(await handle(req.path, guard.context(req)));
    });
    return app.set('env', 'test');
  },
  async Fastify(more) {
    const app = Fastify();
    const guard = forFastify(options(more));
    await app.register(guard);
    app.post('*', async (request, reply) =>
      reply.code(await handle(request.url, guard.context(request))).send(),
    );
    await app.ready();
    return app.routing as RequestListener;
  },
  Koa(more) {
    const guard = forKoa(options(more));
    const app = new Koa();
    app.silent = true;
    app.use(guard).use(async (ctx) => {
      const status = await handle(ctx.path, guard.context(ctx));
      ctx.body = null;
      ctx.status = status;
    });
    return app.callback() as RequestListener;
  },
  Hono(more) {
    const guard = forHono(options(more));
    const app = new Hono().post('*', guard, async (c) => {
      try {
        return c.newResponse(null, (await handle(c.req.path, guard.context(c))) as 201);
      } catch (error) {
        throw new HTTPException((error as { status: 400 }).status, { message: 'refused' });
      }
    });
    return getRequestListener(app.fetch);
  },
};

describe.each(Object.entries(listeners))('%s, with the store in the same database', (_name, listener) => {
  const post = async (port: number, path: number | string, key: string) =>
    fetch(`http://127.0.0.1:${port}/${path}`, { method: 'POST', headers: { 'idempotency-key': key } });
  const rows = async () => (await db.query(`select * from ${SCHEMA}.charges`)).length;
  const start = async (more?: object) => {
    server = createServer(await listener(more));
    return listenOnPort(server);
  };

  test('the handler’s rows and its stored answer are one transaction', async () => {
    const port = await start();
    for (const replayed of [null, 'true', 'true']) {
      const reply = await post(port, 201, 'a');
      expect([reply.status, reply.headers.get('idempotency-replayed')]).toEqual([201, replayed]);
    }
    expect(await rows()).toBe(1);
  });

  test('a 500 takes the rows back and frees the key', async () => {
    const port = await start();
    expect((await post(port, 500, 'a')).status).toBe(500);
    expect(await rows()).toBe(0);
    expect(await db.query(`select * from ${SCHEMA}.once`)).toEqual([]);
  });

  test.each([400, 404, 422])('a refusal of %i takes the rows back, and is stored alone', async (status) => {
    const port = await start();
    for (const replayed of [null, 'true']) {
      const reply = await post(port, status, 'a');
      expect([reply.status, reply.headers.get('idempotency-replayed')]).toEqual([status, replayed]);
    }
    expect(await rows()).toBe(0);
  });

  test('a refusal is committed where that was chosen', async () => {
    const port = await start({ commit: ({ status }: Response) => status < 400 || status === 402 });
    for (const replayed of [null, 'true']) {
      const reply = await post(port, 402, 'a');
      expect([reply.status, reply.headers.get('idempotency-replayed')]).toEqual([402, replayed]);
    }
    expect(await rows()).toBe(1);
  });

  test.each([400, 404, 500])('a handler that writes and then throws a %i leaves no row', async (status) => {
    const port = await start();
    const { status: seen } = await post(port, `throw/${status}`, 'a');
    // Only a framework makes something else of an error than a 500.
    expect(seen === status || seen === 500).toBe(true);
    expect(await rows()).toBe(0);
  });

  test('a handler that swallows an error of the database is told so, and nothing is committed', async () => {
    errors.length = 0;
    const port = await start();
    const reply = await post(port, 'swallow', 'a');
    expect([reply.status, await reply.json()]).toMatchObject([500, { code: 'transaction_aborted' }]);
    expect(errors).toMatchObject([{ code: 'ERR_STEADFETCH_TRANSACTION_ABORTED' }]);
    expect(await db.query(`select * from ${SCHEMA}.once`)).toEqual([]);
  });
});
