import { createServer, type Server } from 'node:http';
import { Readable } from 'node:stream';
import compression from 'compression';
import express, { type Request } from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/once/index.ts';
import { idempotency } from '../../src/server/adapters/node.ts';
import { soon } from '../support/eventually.ts';
import { listenOnPort } from '../support/listen.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

const guard = () =>
  idempotency({
    store: memoryStore(),
    scope: () => ({ operation: 'charge', tenant: 'acme' }),
    onError: () => {},
  });

async function start(
  app: express.Express,
): Promise<(body: string, type?: string) => Promise<globalThis.Response>> {
  app.set('env', 'test');
  server = createServer(app);
  const port = await listenOnPort(server);
  return (body, type = 'application/json') =>
    fetch(`http://127.0.0.1:${port}/charges`, {
      method: 'POST',
      headers: { 'idempotency-key': 'a', 'content-type': type },
      body,
    });
}

describe('behind a body parser', () => {
  const echo = (req: Request, res: express.Response) => void res.json(req.body);

  test('a parsed body is compared by its meaning', async () => {
    const post = await start(express().use(express.json()).post('/charges', guard(), echo));
    expect(await (await post('{"a":1,"b":2}')).json()).toEqual({ a: 1, b: 2 });
    expect((await post('{"b":2, "a":1}')).headers.get('idempotency-replayed')).toBe('true');
    expect((await post('{"b":3, "a":1}')).status).toBe(422);
  });

  test('the raw bytes are compared, where the parser kept them', async () => {
    const json = express.json({ verify: (req, _res, bytes) => Object.assign(req, { rawBody: bytes }) });
    const post = await start(express().use(json).post('/charges', guard(), echo));
    expect((await post('{"a":1}')).status).toBe(200);
    expect((await post('{ "a":1}')).status).toBe(422);
  });

  test('a form is compared too, and so is a text', async () => {
    for (const [parser, type] of [
      [express.urlencoded(), 'application/x-www-form-urlencoded'],
      [express.text(), 'text/plain'],
    ] as const) {
      const post = await start(express().use(parser).post('/charges', guard(), echo));
      expect((await post('a=1&b=2', type)).status).toBe(200);
      expect((await post('a=1&b=2', type)).headers.get('idempotency-replayed')).toBe('true');
      expect((await post('a=1&b=3', type)).status).toBe(422);
      server?.close();
    }
  });

  test('a body that a parser left alone is read', async () => {
    const post = await start(express().use(express.json()).post('/charges', guard(), echo));
    expect((await post('a', 'text/plain')).status).toBe(200);
    expect((await post('b', 'text/plain')).status).toBe(422);
  });

  test('a body that was read and thrown away is an error that says what to do', async () => {
    let message = '';
    const app = express()
      .use((req, _res, next) => void req.on('end', next).resume())
      .post('/charges', guard(), echo)
      .use(((error, _req, res, _next) => {
        message = error.message;
        res.sendStatus(500);
      }) as express.ErrorRequestHandler);
    expect((await (await start(app))('{}')).status).toBe(500);
    expect(message).toMatch(/was read before: let idempotency come first, or keep the bytes in req.rawBody/);
  });
});

describe('in front of a body parser', () => {
  test('the parser finds the body, however it arrives', async () => {
    const app = express().post('/charges', guard(), express.json({ limit: '2mb' }), (req, res) => {
      res.json({ length: req.body.text.length });
    });
    const post = await start(app);
    expect(await (await post(JSON.stringify({ text: 'x'.repeat(1_000_000) }))).json()).toEqual({
      length: 1_000_000,
    });
  });
});

describe('among other middleware', () => {
  test('methods that others patched are called, and are theirs again afterwards', async () => {
    const seen: string[] = [];
    const app = express()
      .use((_req, res, next) => {
        const { end } = res;
        res.end = function patched(this: typeof res, ...args: never[]) {
          seen.push(`end ${this.statusCode}`);
          return (end as (...a: never[]) => typeof res).apply(this, args);
        } as typeof end;
        res.on('close', () => seen.push('close'));
        next();
      })
      .post('/charges', guard(), (_req, res) => void res.status(201).json({}));
    const post = await start(app);
    await (await post('{}')).text();
    await (await post('{}')).text();
    await soon(() => seen).toEqual(['end 201', 'close', 'end 201', 'close']);
  });

  test.each<[how: string, pack: (app: express.Express) => express.Express]>([
    ['in front of the protection', (app) => app.use(compression({ threshold: 0 })).use(guard())],
    [
      'behind the protection, a stored answer is packed already',
      (app) => app.use(guard()).use(compression({ threshold: 0 })),
    ],
  ])('packed %s', async (_where, pack) => {
    let runs = 0;
    const chunks = [Buffer.alloc(100_000, 'a'), Buffer.alloc(100_000, 'b'), Buffer.alloc(100_000, 'c')];
    const app = pack(express()).post('/charges', (_req, res) => {
      runs++;
      Readable.from(chunks).pipe(res.type('text'));
    });
    const post = await start(app);
    for (const replayed of [null, 'true']) {
      const reply = await post('{}');
      expect([
        reply.headers.get('content-encoding'),
        reply.headers.get('idempotency-replayed'),
        runs,
      ]).toEqual([expect.stringMatching(/gzip|deflate|br/), replayed, 1]);
      expect(await reply.text()).toBe(chunks.join(''));
    }
  });

  test('an error handler answers for the handler, and the key is free', async () => {
    let runs = 0;
    const app = express()
      .post('/charges', guard(), () => {
        throw new Error(`run ${++runs}`);
      })
      .use(((error, _req, res, _next) =>
        res.status(502).json({ message: error.message })) as express.ErrorRequestHandler);
    const post = await start(app);
    for (const n of [1, 2]) {
      const reply = await post('{}');
      expect([reply.status, await reply.json()]).toEqual([502, { message: `run ${n}` }]);
    }
  });

  test('a callback of end is called when the answer is sent, and what is written after the end is ignored', async () => {
    let sent = 0;
    const app = express().post('/charges', guard(), (_req, res) => {
      res.end('done', () => sent++);
      res.end('again');
      res.write('more');
      expect([res.headersSent, res.writableEnded]).toEqual([true, true]);
    });
    const post = await start(app);
    expect(await (await post('{}')).text()).toBe('done');
    await soon(() => sent).toBe(1);
  });
});

describe('as without the guard', () => {
  test('a handler that answers twice is told so, and the first answer is sent and kept', async () => {
    const codes: unknown[] = [];
    const app = express().post('/charges', guard(), (_req, res) => {
      res.json({ n: 1 });
      try {
        res.status(400).json({ message: 'again' });
      } catch (error) {
        codes.push(Reflect.get(error as Error, 'code'));
      }
    });
    const post = await start(app);
    for (const replayed of [null, 'true']) {
      const reply = await post('{}');
      expect([reply.status, await reply.json(), reply.headers.get('idempotency-replayed')]).toEqual([
        200,
        { n: 1 },
        replayed,
      ]);
    }
    expect(codes).toEqual(['ERR_HTTP_HEADERS_SENT']);
  });

  test.each<[what: string, change: (res: express.Response) => unknown]>([
    ['setHeader', (res) => res.setHeader('x-late', '1')],
    ['appendHeader', (res) => res.appendHeader('x-late', '1')],
    ['removeHeader', (res) => res.removeHeader('x-early')],
    ['writeHead', (res) => res.writeHead(500)],
    ['the status, silently', (res) => (res.statusCode = 500)],
  ])('after the first byte nothing of the head changes: %s', async (_what, change) => {
    const app = express().post('/charges', guard(), (_req, res) => {
      res.set('x-early', '1').write('a');
      try {
        change(res);
        res.end();
      } catch (error) {
        res.end(Reflect.get(error as Error, 'code'));
      }
    });
    const post = await start(app);
    for (let n = 0; n < 2; n++) {
      const { status, headers } = await post('{}');
      expect([status, headers.get('x-early'), headers.get('x-late')]).toEqual([200, '1', null]);
    }
  });

  test.each<[what: unknown]>([[{ id: 7 }], [7], [true]])(
    'an end with %j is an error, and nothing is kept',
    async (chunk) => {
      let runs = 0;
      const app = express().post('/charges', guard(), (_req, res) => {
        runs++;
        res.end(chunk as string);
      });
      const post = await start(app);
      for (const n of [1, 2]) expect([(await post('{}')).status, runs]).toEqual([500, n]);
    },
  );

  test('middleware behind the guard that waits for the head sets its headers', async () => {
    const app = express()
      .use(guard())
      .use((_req, res, next) => {
        const { writeHead } = res;
        res.writeHead = function late(this: typeof res, ...args: never[]) {
          this.setHeader('x-took', '1');
          return (writeHead as (...a: never[]) => typeof res).apply(this, args);
        } as typeof writeHead;
        next();
      })
      .post('/charges', (_req, res) => void res.json({}));
    const post = await start(app);
    for (let n = 0; n < 2; n++) expect((await post('{}')).headers.get('x-took')).toBe('1');
  });

  test('an answer that Node refuses to send ends its connection, not the process', async () => {
    const errors: unknown[] = [];
    const once = idempotency({
      store: memoryStore(),
      scope: () => ({ operation: 'charge', tenant: 'acme' }),
      onError: (error) => errors.push(error),
    });
    const app = express().post('/charges', once, (_req, res) => {
      Reflect.set(res, 'strictContentLength', true);
      res.setHeader('content-length', 2);
      res.end('abc');
    });
    await expect((await start(app))('{}')).rejects.toThrow();
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_HTTP_CONTENT_LENGTH_MISMATCH' })]);
  });
});
