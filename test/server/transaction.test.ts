import { createServer, type RequestListener, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Queryable } from '../../src/once/stores/sql.ts';
import { idempotency as forFastify } from '../../src/server/adapters/fastify.ts';
import { idempotency as forHono } from '../../src/server/adapters/hono.ts';
import { idempotency as forExpress, idempotentListener } from '../../src/server/adapters/node.ts';
import { idempotent } from '../../src/server/index.ts';
import { database, schemaOf } from '../once/servers.ts';
import { listen } from './apps.ts';

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

const options = () => ({
  store: db.store.transactional,
  scope: () => ({ operation: 'charge', tenant: 'acme' }),
});

/** Each framework, answering with the status in its path. */
const listeners: Record<string, () => Promise<RequestListener> | RequestListener> = {
  'a web-standard handler': () =>
    getRequestListener(
      idempotent(async (request, tx) => {
        const status = Number(new URL(request.url).pathname.slice(1));
        return new Response(null, { status: await charge(tx, status) });
      }, options()),
    ),
  'node:http': () =>
    idempotentListener(async (req, res, tx) => {
      res.statusCode = await charge(tx, Number(req.url?.slice(1)));
      res.end();
    }, options()),
  Express() {
    const guard = forExpress(options());
    return express().post('/:status', guard, async (req, res) => {
      res.sendStatus(await charge(guard.context(req), Number(req.params.status)));
    });
  },
  async Fastify() {
    const app = Fastify();
    const guard = forFastify(options());
    await app.register(guard);
    app.post<{ Params: { status: string } }>('/:status', async (request, reply) =>
      reply.code(await charge(guard.context(request), Number(request.params.status))).send(),
    );
    await app.ready();
    return app.routing as RequestListener;
  },
  Hono() {
    const guard = forHono(options());
    const app = new Hono().post('/:status', guard, async (c) =>
      c.newResponse(null, (await charge(guard.context(c), Number(c.req.param('status')))) as 201),
    );
    return getRequestListener(app.fetch);
  },
};

describe.each(Object.entries(listeners))('%s, with the store in the same database', (_name, listener) => {
  const post = async (port: number, status: number, key: string) =>
    fetch(`http://127.0.0.1:${port}/${status}`, { method: 'POST', headers: { 'idempotency-key': key } });
  const rows = async () => (await db.query(`select * from ${SCHEMA}.charges`)).length;

  test('the handler’s rows and its stored answer are one transaction', async () => {
    server = createServer(await listener());
    const port = await listen(server);
    for (const replayed of [null, 'true', 'true']) {
      const reply = await post(port, 201, 'a');
      expect([reply.status, reply.headers.get('idempotency-replayed')]).toEqual([201, replayed]);
    }
    expect(await rows()).toBe(1);
  });

  test('a 500 takes the rows back and frees the key', async () => {
    server = createServer(await listener());
    const port = await listen(server);
    expect((await post(port, 500, 'a')).status).toBe(500);
    expect(await rows()).toBe(0);
    expect(await db.query(`select * from ${SCHEMA}.once`)).toEqual([]);
  });
});
