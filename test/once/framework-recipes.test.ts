import 'reflect-metadata';
import { BadRequestException, Body, Controller, HttpCode, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request as ExpressRequest } from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { protect } from '../../docs/examples/once/nest.ts';
import { route } from '../../docs/examples/once/next-route.ts';
import { memoryStore } from '../../src/once/index.ts';
import type { Queryable } from '../../src/once/stores/sql.ts';
import { database, schemaOf } from './servers.ts';

test('Next.js: a charge is made once, for the order in its path', async () => {
  const charged: unknown[] = [];
  const POST = route(memoryStore(), async (order, cents) => {
    charged.push([order, cents]);
    return { id: `${order}-${cents}` };
  });
  for (const replayed of [null, 'true']) {
    const headers = { 'x-account': 'acme', 'idempotency-key': 'a' };
    const request = new Request('http://shop.example/orders/7/charges', {
      method: 'POST',
      body: '{"cents":5}',
      headers,
    });
    const reply = await POST(request, { params: Promise.resolve({ id: '7' }) });
    expect([reply.status, reply.headers.get('idempotency-replayed'), await reply.json()]).toEqual([
      201,
      replayed,
      { id: '7-5' },
    ]);
  }
  expect(charged).toEqual([['7', 5]]);
});

const SCHEMA = schemaOf('nest');
let db: Awaited<ReturnType<typeof database>>;
beforeAll(async () => {
  db = await database(SCHEMA);
  await db.query(`create table ${SCHEMA}.charges (cents int)`);
}, 90_000);
afterAll(() => db.close());

test('NestJS: a charge is made once, and an exception takes its rows back', async () => {
  let transactionOf: (request: ExpressRequest) => Queryable | undefined = () => undefined;
  class Charges {
    async create(body: { cents: number }, request: ExpressRequest) {
      await transactionOf(request)?.query(`insert into ${SCHEMA}.charges values ($1)`, [body.cents]);
      if (body.cents < 0) throw new BadRequestException('cents');
      return { charged: body.cents };
    }
  }
  class Shop {}
  // Decorators, applied by hand.
  Controller('charges')(Charges);
  const create = Object.getOwnPropertyDescriptor(Charges.prototype, 'create') as PropertyDescriptor;
  Post()(Charges.prototype, 'create', create);
  HttpCode(201)(Charges.prototype, 'create', create);
  Body()(Charges.prototype, 'create', 0);
  Req()(Charges.prototype, 'create', 1);
  Module({ controllers: [Charges] })(Shop);

  const app = await NestFactory.create(Shop, { logger: false });
  const protection = protect(app, '/charges', db.store.transactional);
  transactionOf = (request) => protection.context(request);
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${app.getHttpServer().address().port}/charges`;
  const post = (key: string, cents: number) =>
    fetch(url, {
      method: 'POST',
      headers: { 'x-account': 'acme', 'idempotency-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ cents }),
    });
  for (const replayed of [null, 'true']) {
    const reply = await post('a', 5);
    expect([reply.status, reply.headers.get('idempotency-replayed'), await reply.json()]).toEqual([
      201,
      replayed,
      { charged: 5 },
    ]);
  }
  expect((await post('b', -1)).status).toBe(400);
  expect((await post('b', -1)).headers.get('idempotency-replayed')).toBe('true');
  expect(await db.query(`select cents from ${SCHEMA}.charges`)).toEqual([{ cents: 5 }]);
  await app.close();
});
