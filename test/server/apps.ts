import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import compression from 'compression';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import type { Store } from '../../src/once/index.ts';
import { idempotency as forFastify } from '../../src/server/adapters/fastify.ts';
import { idempotency as forHono } from '../../src/server/adapters/hono.ts';
import { idempotency as forKoa } from '../../src/server/adapters/koa.ts';
import { idempotency as forExpress, idempotentListener } from '../../src/server/adapters/node.ts';
import { idempotent } from '../../src/server/index.ts';
import type { IdempotencyOptions } from '../../src/server/options.ts';

/** The same routes, for each framework in its own form. `reach` is called when a handler begins. */
export interface Routes {
  /** Counts the run; a gate for `/slow`. */
  reach(path: string): Promise<number>;
  /** A gate in the middle of `/slow-stream`. */
  middle(): Promise<void>;
}

export type Settings = Omit<IdempotencyOptions<Store, never>, 'scope'>;
export type App = (routes: Routes, settings: Settings) => Promise<Server>;

export const EVERY_BYTE = Buffer.from(Uint8Array.from({ length: 256 }, (_, n) => n));
export const MIB = 1_048_576;
export const GZIPPED = gzipSync('{"packed":true}');

async function* chunks() {
  for (const chunk of ['one ', 'two ', 'three']) {
    await setImmediate();
    yield Buffer.from(chunk);
  }
}

async function* slowly(routes: Routes) {
  yield Buffer.from('one ');
  await routes.middle();
  yield Buffer.from('two ');
  yield Buffer.from('three');
}

async function* brokenOff() {
  yield Buffer.from('half');
  await setImmediate();
  throw new Error('the source broke off');
}

async function* endless() {
  for (let n = 0; n < 32; n++) yield Buffer.alloc(65_536, n);
}

const scopeOf = (tenant: string | null | undefined) => ({
  operation: 'conformance',
  tenant: tenant ?? 'nobody',
});

/** What each route answers, as data: web-standard handlers and Hono use it as it is. */
async function answer(routes: Routes, path: string, body: () => Promise<Uint8Array>): Promise<Response> {
  const n = await routes.reach(path);
  switch (path) {
    case '/charge': {
      const headers = new Headers({ location: `/charges/${n}`, 'x-run': `${n}` });
      headers.append('set-cookie', 'session=secret');
      return Response.json({ n, bytes: (await body()).length }, { status: 201, headers });
    }
    case '/slow':
      return Response.json({ n });
    case '/204':
      return new Response(null, { status: 204, headers: { 'x-run': `${n}` } });
    case '/redirect':
      return new Response(null, { status: 303, headers: { location: `/charges/${n}` } });
    case '/binary':
      return new Response(EVERY_BYTE, { headers: { 'content-type': 'application/octet-stream' } });
    case '/gzip':
      return new Response(GZIPPED, {
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      });
    case '/stream':
      return new Response(ReadableStream.from(chunks()) as ReadableStream<Uint8Array>, {
        headers: { 'content-type': 'text/plain' },
      });
    case '/slow-end':
      await routes.middle();
      return new Response(null);
    case '/slow-stream':
      return new Response(ReadableStream.from(slowly(routes)) as ReadableStream<Uint8Array>);
    case '/broken':
      return new Response(
        ReadableStream.from(n === 1 ? brokenOff() : chunks()) as ReadableStream<Uint8Array>,
      );
    case '/late-throw':
      if (n === 1) return new Response(ReadableStream.from(brokenOff()) as ReadableStream<Uint8Array>);
      return new Response('whole');
    case '/mib':
      return new Response(new Uint8Array(MIB).fill(n));
    case '/too-large':
      return new Response(ReadableStream.from(endless()) as ReadableStream<Uint8Array>);
    case '/end':
      return new Response(null);
    case '/throw':
      if (n === 1) throw new Error('the handler broke');
      return Response.json({ n });
    case '/flaky':
      return Response.json({ n }, { status: n === 1 ? 503 : 200 });
    case '/busy':
      return Response.json({ n }, { status: n === 1 ? 429 : 200 });
    case '/refused':
      return Response.json({ n }, { status: 400 });
    case '/cookies': {
      const headers = new Headers();
      headers.append('set-cookie', 'a=1');
      headers.append('set-cookie', 'b=2');
      return new Response('two', { headers });
    }
    case '/head':
      return new Response(null, { headers: { 'x-run': `${n}`, 'content-length': '1234' } });
    default:
      return new Response('not here', { status: 404 });
  }
}

/** The same, written to a response of Node: with `writeHead`, `write`, `end` and pipes, as people do. */
async function write(routes: Routes, path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const n = await routes.reach(path);
  const json = (status: number, body: unknown) => {
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(body));
  };
  switch (path) {
    case '/charge': {
      const { length } = await buffer(req);
      res.setHeader('Location', `/charges/${n}`);
      res.setHeader('X-Run', n);
      res.setHeader('Set-Cookie', 'session=secret');
      return json(201, { n, bytes: length });
    }
    case '/slow':
      return json(200, { n });
    case '/204':
      return void res.writeHead(204, ['X-Run', `${n}`] as unknown as string[]).end();
    case '/redirect':
      return void res.writeHead(303, 'See Other', { Location: `/charges/${n}` }).end();
    case '/binary':
      res.setHeader('Content-Type', 'application/octet-stream');
      res.write(EVERY_BYTE.subarray(0, 100));
      return void res.end(EVERY_BYTE.subarray(100).toString('latin1'), 'latin1');
    case '/gzip':
      res.setHeader('Content-Encoding', 'gzip').setHeader('Content-Type', 'application/json');
      return void res.end(GZIPPED);
    case '/stream':
      res.setHeader('Content-Type', 'text/plain').flushHeaders();
      return pipeline(chunks(), res);
    case '/slow-end':
      await routes.middle();
      return void res.end();
    case '/slow-stream':
      return pipeline(Readable.from(slowly(routes)), res);
    case '/broken':
      return pipeline(n === 1 ? brokenOff() : chunks(), res);
    case '/late-throw':
      res.write(n === 1 ? 'half' : 'whole');
      if (n === 1) throw new Error('the handler broke after its first byte');
      return void res.end();
    case '/mib':
      return void res.end(Buffer.alloc(MIB, n));
    case '/too-large':
      return pipeline(endless(), res);
    case '/end':
      return void res.end();
    case '/throw':
      if (n === 1) throw new Error('the handler broke');
      return json(200, { n });
    case '/flaky':
      return json(n === 1 ? 503 : 200, { n });
    case '/busy':
      return json(n === 1 ? 429 : 200, { n });
    case '/refused':
      return json(400, { n });
    case '/cookies':
      return void res
        .writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'] as unknown as string[])
        .end('two');
    case '/head':
      return void res.setHeader('X-Run', n).setHeader('Content-Length', 1234).end();
    default:
      return void res.writeHead(404).end('not here');
  }
}

const bodyOf = (request: Request) => async () => new Uint8Array(await request.arrayBuffer());

const web: App = async (routes, settings) => {
  const handler = idempotent((request) => answer(routes, new URL(request.url).pathname, bodyOf(request)), {
    ...settings,
    scope: (request) => scopeOf(request.headers.get('x-tenant')),
  });
  return createServer(
    getRequestListener(handler, { errorHandler: () => new Response(null, { status: 500 }) }),
  );
};

const node: App = async (routes, settings) =>
  createServer(
    idempotentListener((req, res) => write(routes, req.url ?? '', req, res), {
      ...settings,
      scope: (req) => scopeOf(req.headers['x-tenant'] as string),
    }),
  );

const expressApp: App = async (routes, settings) => {
  const app = express();
  app.set('env', 'test'); // or it prints every error
  app.disable('x-powered-by');
  // Packs nothing here, as nobody accepts it, but it has patched the response.
  app.use(compression());
  app.use((_req, res, next) => {
    res.setHeader('X-Request-Id', crypto.randomUUID());
    next();
  });
  app.use(
    forExpress({ ...settings, scope: (req: IncomingMessage) => scopeOf(req.headers['x-tenant'] as string) }),
  );
  app.post('/charge', express.raw({ type: () => true, limit: 2 * MIB }), async (req, res) => {
    const n = await routes.reach('/charge');
    res.location(`/charges/${n}`).set('X-Run', `${n}`).cookie('session', 'secret');
    res.status(201).json({ n, bytes: Buffer.isBuffer(req.body) ? req.body.length : 0 });
  });
  app.use((req, res) => write(routes, req.path, req, res));
  return createServer(app);
};

const fastify: App = async (routes, settings) => {
  const app = Fastify({ bodyLimit: 20 * MIB, exposeHeadRoutes: false });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.removeContentTypeParser('application/json');
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-request-id', crypto.randomUUID()));
  await app.register(
    forFastify({ ...settings, scope: (request) => scopeOf(request.headers['x-tenant'] as string) }),
  );
  app.post('/late-throw', (request, reply) =>
    write(routes, request.url, request.raw, reply.raw).then(() => reply),
  );
  app.post('/slow-end', async () => {
    await routes.reach('/slow-end');
    await routes.middle();
  });
  app.route({
    method: ['GET', 'HEAD', 'POST'],
    url: '*',
    async handler(request, reply) {
      const body = async () => (request.body as Uint8Array | undefined) ?? new Uint8Array(0);
      return reply.send(await answer(routes, request.url, body));
    },
  });
  await app.ready();
  return app.server;
};

const hono: App = async (routes, settings) => {
  const app = new Hono();
  app.onError((_error, c) => c.text('error', 500));
  app.use(async (c, next) => {
    await next();
    c.header('x-request-id', crypto.randomUUID());
  });
  app.use(forHono({ ...settings, scope: (c) => scopeOf(c.req.header('x-tenant')) }));
  app.all('*', (c) => answer(routes, c.req.path, async () => new Uint8Array(await c.req.arrayBuffer())));
  return createServer(getRequestListener(app.fetch));
};

const koa: App = async (routes, settings) => {
  const app = new Koa();
  app.silent = true; // or it prints every error
  app.use(async (ctx, next) => {
    ctx.set('x-request-id', crypto.randomUUID());
    await next();
  });
  app.use(forKoa({ ...settings, scope: (ctx) => scopeOf(ctx.get('x-tenant') || undefined) }));
  app.use(async (ctx) => {
    if (ctx.path === '/late-throw') {
      ctx.respond = false;
      return write(routes, ctx.path, ctx.req, ctx.res);
    }
    const { status, headers, body } = await answer(routes, ctx.path, async () => buffer(ctx.req));
    ctx.status = status;
    for (const [name, value] of headers) if (name !== 'set-cookie') ctx.set(name, value);
    const cookies = headers.getSetCookie();
    if (cookies.length > 0) ctx.set('set-cookie', cookies);
    if (body !== null) ctx.body = Readable.fromWeb(body as never);
    else if (ctx.method === 'HEAD' || status !== 200) ctx.respond = ctx.method !== 'HEAD';
    else ctx.body = '';
    if (ctx.respond === false) ctx.res.end();
  });
  return createServer(app.callback());
};

export const apps: readonly (readonly [name: string, app: App])[] = [
  ['a web-standard handler', web],
  ['node:http', node],
  ['Express', expressApp],
  ['Fastify', fastify],
  ['Hono', hono],
  ['Koa', koa],
];

/** Sends these very bytes and reads until the server closes: for what an HTTP client would not send. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(Buffer.from(text, 'latin1'));
  return (await buffer(socket)).toString('latin1');
}
