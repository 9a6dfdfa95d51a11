import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as tick } from 'node:timers/promises';
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import multipart from '@fastify/multipart';
// @ts-expect-error It has no types.
import multiparty from 'connect-multiparty';
import express from 'express';
import fileUpload from 'express-fileupload';
import Fastify from 'fastify';
import formidable from 'formidable';
import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { cors as honoCors } from 'hono/cors';
import multer from 'multer';
import { afterEach, describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/once/index.ts';
import { idempotency as forFastify } from '../../src/server/adapters/fastify.ts';
import { idempotency as forHono } from '../../src/server/adapters/hono.ts';
import { idempotency, idempotentListener } from '../../src/server/adapters/node.ts';
import { idempotent } from '../../src/server/index.ts';
import { soon } from '../support/eventually.ts';
import { listenOnPort } from '../support/listen.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const options = () => ({
  store: memoryStore(),
  scope: () => ({ operation: 'charge', tenant: 'acme' }),
  onError: () => {},
});
const KEYED = { 'idempotency-key': 'a' };
const uploads = mkdtempSync(join(tmpdir(), 'steadfetch-uploads-'));
const form = (content: string) => {
  const data = new FormData();
  data.set('field', 'value');
  data.set('file', new Blob([content], { type: 'text/plain' }), 'a.txt');
  return data;
};

async function serve(app: express.Express): Promise<string> {
  const server: Server = createServer(app.set('env', 'test'));
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return `http://127.0.0.1:${await listenOnPort(server)}/`;
}

describe('Fastify', () => {
  test('a multipart form reaches its handler, over a socket and injected, and is compared', async () => {
    const app = Fastify();
    closers.push(() => app.close());
    await app.register(multipart);
    await app.register(forFastify(options()));
    app.post('/', async (request) => {
      const file = await request.file();
      return { file: (await file?.toBuffer())?.toString() };
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const post = (content: string, key: string) =>
      fetch(url, { method: 'POST', headers: { 'idempotency-key': key }, body: form(content) });
    expect(await (await post('hello', 'a')).json()).toEqual({ file: 'hello' });
    expect((await post('hello', 'a')).headers.get('idempotency-replayed')).toBe('true');
    expect((await post('other', 'a')).status).toBe(422);

    const encoded = new Response(form('injected'));
    const injected = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'idempotency-key': 'b', 'content-type': `${encoded.headers.get('content-type')}` },
      payload: Buffer.from(await encoded.arrayBuffer()),
    });
    expect(injected.json()).toEqual({ file: 'injected' });
  });

  test('onSend hooks make nothing of a replay but its headers', async () => {
    const app = Fastify();
    closers.push(() => app.close());
    let sent = 0;
    await app.register(cookie);
    await app.register(forFastify(options()));
    app.addHook('onRequest', async (_request, reply) => void reply.setCookie('session', 'renewed'));
    app.addHook('onSend', async (_request, reply, payload) => {
      reply.header('x-sent', `${++sent}`).type('application/vnd.wrapped+json');
      return JSON.stringify({ data: JSON.parse(String(payload)) });
    });
    app.post('/', async () => ({ a: 1 }));
    const replies = [];
    for (let n = 0; n < 3; n++) replies.push(await app.inject({ method: 'POST', url: '/', headers: KEYED }));
    for (const { body, headers } of replies) {
      expect(body).toBe('{"data":{"a":1}}');
      expect(headers['content-type']).toBe('application/vnd.wrapped+json');
      expect(headers['content-length']).toBe(`${body.length}`);
      expect(headers['set-cookie']).toMatch(/session=renewed/);
    }
    expect(replies.map(({ headers }) => headers['idempotency-replayed'])).toEqual([
      undefined,
      'true',
      'true',
    ]);
  });

  test('a handler that finds nothing, callNotFound, answers 404, and so does its repeat', async () => {
    const app = Fastify();
    let runs = 0;
    await app.register(forFastify(options()));
    app.post('/', (_request, reply) => {
      runs++;
      reply.callNotFound();
    });
    for (const replayed of [undefined, 'true']) {
      const { statusCode, headers } = await app.inject({ method: 'POST', url: '/', headers: KEYED });
      expect([statusCode, headers['idempotency-replayed'], runs]).toEqual([404, replayed, 1]);
    }
  });

  test('CORS of a hook in front is this request’s, in a replay and in a refusal', async () => {
    const app = Fastify();
    closers.push(() => app.close());
    await app.register(cors, { origin: true });
    await app.register(forFastify(options()));
    app.post('/', async () => ({ a: 1 }));
    const post = async (origin: string, headers: Record<string, string>) =>
      (await app.inject({ method: 'POST', url: '/', headers: { origin, ...headers } })).headers[
        'access-control-allow-origin'
      ];
    expect(await post('http://a', KEYED)).toBe('http://a');
    expect(await post('http://b', KEYED)).toBe('http://b');
    expect(await post('http://c', {})).toBe('http://c');
  });
});

test('Hono: a handler that returns nothing is an error, as without the guard, and no empty success', async () => {
  let runs = 0;
  const app = new Hono().post('/', forHono(options()), (() => void runs++) as never);
  app.onError(({ message }, c) => c.text(message, 500));
  for (const n of [1, 2]) {
    const response = await app.request('/', { method: 'POST', headers: KEYED });
    expect([response.status, await response.text(), runs]).toEqual([
      500,
      expect.stringContaining('Context is not finalized'),
      n,
    ]);
  }
});

test('Hono: what middleware in front has set is this request’s: CORS, cookies, ids', async () => {
  const app = new Hono();
  app.use(honoCors({ origin: (origin) => origin }));
  app.use(async (c, next) => {
    setCookie(c, 'session', 'renewed');
    c.header('x-request-id', c.req.header('x-id'));
    await next();
  });
  app.post('/', forHono({ ...options(), dropHeaders: [] }), (c) => {
    setCookie(c, 'own', 'handler');
    return c.json(1, 201, { 'x-own': 'yes' });
  });
  const post = async (id: string, body: string, headers: Record<string, string> = KEYED) => {
    const reply = await app.request('/', {
      method: 'POST',
      body,
      headers: { ...headers, origin: `http://${id}`, 'x-id': id },
    });
    const { headers: got } = reply;
    return [
      reply.status,
      got.get('access-control-allow-origin'),
      got.get('x-request-id'),
      got.getSetCookie().length,
      got.get('x-own'),
    ];
  };
  expect(await post('a', 'x')).toEqual([201, 'http://a', 'a', 2, 'yes']);
  expect(await post('b', 'x')).toEqual([201, 'http://b', 'b', 2, 'yes']);
  expect(await post('c', 'y')).toEqual([422, 'http://c', 'c', 1, null]);
  expect(await post('d', 'x', {})).toEqual([400, 'http://d', 'd', 1, null]);
});

/** formidable is no middleware; this is the one that people write around it. */
const parseForm =
  (
    put: (req: express.Request, fields: formidable.Fields, files: formidable.Files) => void,
  ): express.Handler =>
  (req, _res, next) =>
    formidable({ uploadDir: uploads })
      .parse(req)
      .then(([fields, files]) => put(req, fields, files))
      .then(() => next(), next);

describe('Express, behind a parser of forms', () => {
  test.each<[where: string, upload: express.RequestHandler]>([
    ['multer, in memory, one', multer().single('file')],
    ['multer, in memory, any', multer().any()],
    ['multer, in memory, by field', multer().fields([{ name: 'file' }])],
    ['multer, on disk', multer({ dest: uploads }).single('file')],
    ['express-fileupload, in memory', fileUpload()],
    ['express-fileupload, on disk', fileUpload({ useTempFiles: true, tempFileDir: uploads })],
    ['multiparty', multiparty({ uploadDir: uploads })],
    ['formidable', parseForm((req, fields, files) => Object.assign(req, { body: fields, files }))],
  ])('files count: %s', async (_where, upload) => {
    const once = idempotency(options());
    const url = await serve(express().post('/', upload, once, (_req, res) => void res.json('done')));
    const post = (content: string) => fetch(url, { method: 'POST', headers: KEYED, body: form(content) });
    expect((await post('one')).status).toBe(200);
    expect((await post('one')).headers.get('idempotency-replayed')).toBe('true');
    expect((await post('two')).status).toBe(422);
  });

  test('files among the fields are an error that says what to do', async () => {
    const upload = parseForm((req, fields, files) => Object.assign(req, { body: { ...fields, ...files } }));
    const once = idempotency(options());
    const app = express().post('/', upload, once, (_req, res) => void res.json('done'));
    let message = '';
    app.use(((error, _req, res, _next) => {
      message = error.message;
      res.sendStatus(500);
    }) as express.ErrorRequestHandler);
    const reply = await fetch(await serve(app), { method: 'POST', headers: KEYED, body: form('one') });
    expect([reply.status, message]).toEqual([500, expect.stringContaining('let idempotency come first')]);
  });

  test('a file whose content is out of reach is an error, not an equal', async () => {
    const elsewhere: multer.StorageEngine = {
      _handleFile: (_req, file, done) => void file.stream.on('end', () => done(null, {})).resume(),
      _removeFile: (_req, _file, done) => done(null),
    };
    const upload = multer({ storage: elsewhere }).single('file');
    const once = idempotency(options());
    const url = await serve(express().post('/', upload, once, (_req, res) => void res.json('done')));
    expect((await fetch(url, { method: 'POST', headers: KEYED, body: form('one') })).status).toBe(500);
  });
});

describe('Express, answers of all kinds', () => {
  test.each([600, 999])('a status of %i goes out as it is, and is not stored', async (status) => {
    let runs = 0;
    const once = idempotency(options());
    const url = await serve(
      express().post('/', once, (_req, res) => {
        runs++;
        res.statusCode = status;
        res.end('odd');
      }),
    );
    for (const n of [1, 2]) {
      const seen = await new Promise((resolve) => {
        httpRequest(url, { method: 'POST', headers: KEYED }, (res) => resolve(res.resume().statusCode)).end();
      });
      expect([seen, runs]).toEqual([status, n]);
    }
  });

  test('an error after the first byte ends the connection, and frees the key', async () => {
    let runs = 0;
    const once = idempotency(options());
    const app = express().post('/', once, async (_req, res) => {
      if (++runs > 1) return void res.json('second');
      res.write('half');
      throw new Error('late');
    });
    const url = await serve(app);
    const post = () => fetch(url, { method: 'POST', headers: KEYED }).then((reply) => reply.text());
    await expect(post()).rejects.toThrow();
    expect(await post()).toBe('"second"');
  });

  test('an error handler that redirects commits nothing, if it is told of the failure', async () => {
    let runs = 0;
    const once = idempotency(options());
    const app = express()
      .post('/', once, () => {
        throw new Error(`run ${++runs}`);
      })
      .use(once.failed, ((_error, _req, res, _next) =>
        res.redirect('/sorry')) as express.ErrorRequestHandler);
    const url = await serve(app);
    for (const n of [1, 2]) {
      const reply = await fetch(url, { method: 'POST', headers: KEYED, redirect: 'manual' });
      expect([reply.status, runs]).toEqual([302, n]);
    }
  });

  test('a guard that is mounted twice says so', async () => {
    const app = express()
      .use(idempotency(options()))
      .post('/', idempotency(options()), (_req, res) => void res.json(1));
    let message = '';
    app.use(((error, _req, res, _next) => {
      message = error.message;
      res.sendStatus(500);
    }) as express.ErrorRequestHandler);
    expect((await fetch(await serve(app), { method: 'POST', headers: KEYED })).status).toBe(500);
    expect(message).toMatch(/mounted twice/);
  });

  test('a guard of another operation may stand behind the first, and both replay', async () => {
    const inner = { ...options(), scope: () => ({ operation: 'inner', tenant: 'acme' }) };
    let runs = 0;
    const app = express().use(idempotency(options()));
    app.post('/', idempotency(inner), express.json(), (req, res) => void res.json([++runs, req.body]));
    const url = await serve(app);
    const init = {
      method: 'POST',
      body: '{"cents":1}',
      headers: { ...KEYED, 'content-type': 'application/json' },
    };
    for (const replayed of [null, 'true']) {
      const reply = await fetch(url, init);
      expect(reply.headers.get('idempotency-replayed')).toBe(replayed);
      expect(await reply.json()).toEqual([1, { cents: 1 }]);
    }
  });

  test('a refusal leads to the documentation', async () => {
    const documentation = 'https://shop.example/docs/idempotency';
    const handler = idempotent(() => new Response(), { ...options(), documentation });
    const reply = await handler(new Request('http://shop.example/', { method: 'POST' }));
    expect(reply.headers.get('link')).toBe(`<${documentation}>; rel="describedby"`);
    expect(await reply.json()).toMatchObject({ type: `${documentation}#key_missing`, code: 'key_missing' });
  });
});

describe('a client that leaves while the handler is at work', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'steadfetch-file-')), 'answer.txt');
  writeFileSync(file, 'the file');

  test.each<readonly [how: string, answer: (res: express.Response) => unknown, body: string]>([
    ['res.sendFile', (res) => res.sendFile(file), 'the file'],
    ['res.download', (res) => res.download(file), 'the file'],
    ['pipeline', (res) => pipeline(Readable.from(['one ', 'two']), res), 'one two'],
    ['pipe', (res) => Readable.from(['one ', 'two']).pipe(res), 'one two'],
    ['res.json', (res) => res.json('done'), '"done"'],
    [
      'a check of its socket',
      (res) => res.end(String(res.socket?.writable && !res.closed && !res.destroyed)),
      'true',
    ],
  ])('gets its answer later: %s', async (_how, answer, body) => {
    let runs = 0;
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const once = idempotency(options());
    const app = express().post('/', once, express.json(), async (req, res) => {
      runs++;
      const left = new Promise<void>((resolve) => gone.then(resolve));
      open();
      await left;
      expect(req.body).toEqual({ cents: 1 });
      await answer(res);
    });
    const server = createServer(app.set('env', 'test'));
    closers.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    const closed = new Promise<void>((resolve) => {
      server.once('connection', (socket) => socket.once('close', () => resolve()));
    });
    const gone = closed.then(() => tick());
    const url = `http://127.0.0.1:${await listenOnPort(server)}/`;
    const headers = { ...KEYED, 'content-type': 'application/json' };
    const leaving = httpRequest(url, { method: 'POST', headers }).on('error', () => {});
    leaving.end('{"cents":1}');
    await opened;
    leaving.destroy();
    const post = () => fetch(url, { method: 'POST', headers, body: '{"cents":1}' });
    await soon(async () => (await post()).status).toBe(200);
    const reply = await post();
    expect([await reply.text(), reply.headers.get('idempotency-replayed'), runs]).toEqual([body, 'true', 1]);
  });
});

test('node:http2 is served, body and all, and a stream that was reset changes nothing', async () => {
  let runs = 0;
  let open = () => {};
  const gate = { wait: Promise.resolve() };
  const server = http2.createServer(
    idempotentListener(async (req, res) => {
      runs++;
      const body = await new Response(Readable.toWeb(req) as ReadableStream).text();
      await gate.wait;
      res.writeHead(201, { 'x-run': `${runs}` });
      res.end(`got ${body}`);
    }, options()) as never,
  );
  const port = await listenOnPort(server as unknown as Server);
  const client = http2.connect(`http://127.0.0.1:${port}`);
  closers.push(
    () => client.close(),
    () => server.close(),
  );
  const start = (key: string) => {
    const stream = client.request({ ':method': 'POST', ':path': '/', 'idempotency-key': key });
    stream.on('error', () => {});
    stream.end('hello');
    return stream;
  };
  const post = async (key: string) => {
    const stream = start(key);
    const headers = await new Promise<http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader>((resolve) =>
      stream.once('response', resolve),
    );
    const body = (await stream.setEncoding('utf8').toArray()).join('');
    return [headers[':status'], headers['x-run'], headers['idempotency-replayed'], body];
  };
  expect(await post('a')).toEqual([201, '1', undefined, 'got hello']);
  expect(await post('a')).toEqual([201, '1', 'true', 'got hello']);

  gate.wait = new Promise((resolve) => {
    open = resolve;
  });
  const reset = start('b');
  await soon(() => runs).toBe(2);
  reset.close(http2.constants.NGHTTP2_CANCEL);
  await new Promise((resolve) => reset.once('close', resolve));
  open();
  await soon(async () => (await post('b')).slice(1)).toEqual(['2', 'true', 'got hello']);
});
