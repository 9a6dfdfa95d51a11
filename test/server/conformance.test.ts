import { once as event } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { memoryStore, type Store } from '../../src/once/index.ts';
import { soon } from '../support/eventually.ts';
import { listenOnPort } from '../support/listen.ts';
import { apps, EVERY_BYTE, GZIPPED, MIB, raw } from './apps.ts';

interface Sent {
  readonly path: string;
  readonly key?: string;
  readonly method?: string;
  readonly tenant?: string;
  readonly type?: string;
  readonly body?: string | Buffer;
}

describe.each(apps)('%s', (_name, app) => {
  let runs = new Map<string, number>();
  let gate: { readonly entered: () => void; readonly opened: Promise<void> } | undefined;
  let broken: string | undefined;
  let overtaken = false;
  const errors: unknown[] = [];
  const tell = (error: unknown): unknown => errors.push(error);
  let onError = tell;
  let server: Server;
  let port: number;
  let keys = 0;

  const memory = memoryStore();
  const store: Store = Object.fromEntries(
    Object.entries(memory).map(([step, method]) => [
      step,
      (...args: never[]) => {
        if (broken === step) return Promise.reject(new Error('connection refused'));
        if (overtaken && step === 'complete') return Promise.resolve(false);
        return (method as never as (...a: never[]) => never)(...args);
      },
    ]),
  ) as never;

  beforeAll(async () => {
    const reach = async (path: string) => {
      const n = (runs.get(path) ?? 0) + 1;
      runs.set(path, n);
      if (path === '/slow') await middle();
      return n;
    };
    const middle = async () => {
      gate?.entered();
      await gate?.opened;
    };
    server = await app(
      { reach, middle },
      { store, methods: ['POST', 'HEAD'], onError: (error) => onError(error) },
    );
    port = await listenOnPort(server);
  });
  afterEach(() => {
    runs = new Map();
    gate = undefined;
    broken = undefined;
    overtaken = false;
    errors.length = 0;
    onError = tell;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const freshKey = () => `key-${++keys}`;
  const start = ({
    path,
    key,
    method = 'POST',
    tenant = 'acme',
    type = 'application/json',
    body = '',
  }: Sent) => {
    const headers: Record<string, string | number> = {
      'x-tenant': tenant,
      'content-length': Buffer.byteLength(body),
    };
    if (body !== '') headers['content-type'] = type;
    if (key !== undefined) headers['idempotency-key'] = key;
    const req = httpRequest({ port, host: '127.0.0.1', method, path, headers });
    req.end(body);
    return req;
  };
  const send = async (sent: Sent) => {
    const [res] = (await event(start(sent), 'response')) as [IncomingMessage];
    return { status: res.statusCode, headers: res.headers, body: await buffer(res) };
  };
  type Reply = Awaited<ReturnType<typeof send>>;
  const problemOf = ({ status, headers, body }: Reply) => {
    expect(headers['content-type']).toBe('application/problem+json');
    const problem = JSON.parse(body.toString());
    expect(problem.status).toBe(status);
    return problem;
  };
  /** What of a reply is the answer, and not the connection or the one request. */
  const answerOf = ({ status, headers, body }: Reply) => {
    const { date, connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...rest } = headers;
    const { 'x-request-id': id, 'set-cookie': cookie, 'content-length': length, ...own } = rest;
    return { status, own, body: body.toString('latin1') };
  };
  const slowly = () => {
    let entered = () => {};
    let open = () => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    gate = { entered, opened };
    return { inside, open };
  };

  test.each([
    ['a JSON answer with headers', '/charge', 201],
    ['a 204', '/204', 204],
    ['a redirect', '/redirect', 303],
    ['binary bytes', '/binary', 200],
    ['a compressed body', '/gzip', 200],
    ['a stream', '/stream', 200],
    ['a body of 1 MiB', '/mib', 200],
    ['an answer without a body', '/end', 200],
    ['a refusal that stays one', '/refused', 400],
    ['a 404', '/nowhere', 404],
  ])('replays %s as it was', async (_what, path, status) => {
    const key = freshKey();
    const first = await send({ path, key });
    const second = await send({ path, key });
    expect(first.status).toBe(status);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.headers['idempotency-replayed']).toBe('true');
    delete second.headers['idempotency-replayed'];
    expect(answerOf(second)).toEqual(answerOf(first));
    expect(runs.get(path)).toBe(1);
  });

  test('keeps every byte, packed ones packed', async () => {
    for (const [path, bytes] of [
      ['/binary', EVERY_BYTE],
      ['/gzip', GZIPPED],
      ['/mib', Buffer.alloc(MIB, 1)],
    ] as const) {
      const key = freshKey();
      for (const { body } of [await send({ path, key }), await send({ path, key })])
        expect(body.equals(bytes)).toBe(true);
    }
    expect(gunzipSync(GZIPPED).toString()).toBe('{"packed":true}');
  });

  test('replays a HEAD with its headers', async () => {
    const key = freshKey();
    const first = await send({ method: 'HEAD', path: '/head', key });
    const second = await send({ method: 'HEAD', path: '/head', key });
    expect(first.headers['x-run']).toBe('1');
    expect(second.headers).toMatchObject({
      'x-run': '1',
      'content-length': '1234',
      'idempotency-replayed': 'true',
    });
    expect(runs.get('/head')).toBe(1);
  });

  test('keeps cookies and the request’s own headers out of the replay', async () => {
    const key = freshKey();
    const first = await send({ path: '/charge', key });
    const second = await send({ path: '/charge', key });
    expect(first.headers['set-cookie']?.join()).toMatch(/session=secret/);
    expect(second.headers['set-cookie']).toBeUndefined();
    if (first.headers['x-request-id'] !== undefined)
      expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  });

  test('sends every cookie that the handler set', async () => {
    const { headers } = await send({ path: '/cookies', key: freshKey() });
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  test('takes a form for the same whatever its boundary, and another one for another', async () => {
    const key = freshKey();
    const form = (boundary: string, value = 'x') => ({
      path: '/slow',
      key,
      type: `multipart/form-data; boundary=${boundary}`,
      body: `--${boundary}\r\ncontent-disposition: form-data; name="a"\r\n\r\n${value}\r\n--${boundary}--\r\n`,
    });
    expect((await send(form('one'))).status).toBe(200);
    expect((await send(form('two'))).headers['idempotency-replayed']).toBe('true');
    expect((await send(form('two', 'y'))).status).toBe(422);
    expect(runs.get('/slow')).toBe(1);
  });

  test('takes an Item with parameters for the key that it holds', async () => {
    const key = freshKey();
    await send({ path: '/charge', key: `"${key}";v=1` });
    expect((await send({ path: '/charge', key })).headers['idempotency-replayed']).toBe('true');
  });

  test('hands the handler the whole request body', async () => {
    const { body } = await send({ path: '/charge', key: freshKey(), body: Buffer.alloc(MIB, 'x') });
    expect(JSON.parse(body.toString())).toEqual({ n: 1, bytes: MIB });
  });

  test('leaves other methods alone, even with a key', async () => {
    const key = freshKey();
    for (const n of [1, 2]) {
      const { body, headers } = await send({ method: 'GET', path: '/slow', key });
      expect(JSON.parse(body.toString())).toEqual({ n });
      expect(headers['idempotency-replayed']).toBeUndefined();
    }
  });

  test('answers 400 without a key', async () => {
    const reply = await send({ path: '/charge' });
    expect(reply.status).toBe(400);
    expect(problemOf(reply)).toMatchObject({
      code: 'key_missing',
      type: 'about:blank',
      title: 'Bad Request',
    });
    expect(runs.size).toBe(0);
  });

  test.each([
    ['an empty key', ''],
    ['an empty string', '""'],
    ['a string without its end', '"abc'],
    ['two keys', 'abc, def'],
    ['two strings', '"abc", "def"'],
    ['a tab', 'a\tb'],
    ['a byte beyond ASCII', 'caf\xe9'],
    ['a key of 10,000 characters', 'k'.repeat(10_000)],
    ['a string of 10,000 characters', `"${'k'.repeat(10_000)}"`],
  ])('answers 400 to %s', async (_what, key) => {
    const reply = await send({ path: '/charge', key });
    expect(reply.status).toBe(400);
    expect(problemOf(reply)).toMatchObject({ code: 'key_malformed' });
    expect(runs.size).toBe(0);
  });

  test('answers 400 to control characters', async () => {
    for (const character of ['\x00', '\x01', '\x1f', '\x7f']) {
      const head = `POST /charge HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\nIdempotency-Key: a${character}b`;
      expect(await raw(port, `${head}\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 /);
    }
    expect(runs.size).toBe(0);
  });

  test('takes a quoted key and a bare one for the same', async () => {
    const key = freshKey();
    await send({ path: '/charge', key: `"${key}"` });
    expect((await send({ path: '/charge', key })).headers['idempotency-replayed']).toBe('true');
    await send({ path: '/charge', key: String.raw`"a \"quoted\" \\ key"` });
    const again = await send({ path: '/charge', key: String.raw`"a \"quoted\" \\ key"` });
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  test('answers 422 to another payload, and the honest retry still gets its answer', async () => {
    const key = freshKey();
    const honest = await send({ path: '/charge', key, body: '{"cents":100}' });
    for (const dishonest of [
      await send({ path: '/charge', key, body: '{"cents":999}' }),
      await send({ path: '/charge?twice', key, body: '{"cents":100}' }),
      await send({ path: '/slow', key, body: '{"cents":100}' }),
    ]) {
      expect(dishonest.status).toBe(422);
      expect(problemOf(dishonest)).toMatchObject({ code: 'key_reused' });
    }
    const retry = await send({ path: '/charge', key, body: '{"cents":100}' });
    expect(retry.body.equals(honest.body)).toBe(true);
    expect(runs.get('/charge')).toBe(1);
  });

  test('keeps two tenants with one key apart', async () => {
    const key = freshKey();
    const replies = [
      await send({ path: '/charge', key, tenant: 'acme' }),
      await send({ path: '/charge', key, tenant: 'zeta' }),
    ];
    expect(replies.map(({ body }) => JSON.parse(body.toString()).n)).toEqual([1, 2]);
  });

  test('answers 409 with Retry-After while the first is running, and then replays', async () => {
    const { inside, open } = slowly();
    const key = freshKey();
    const first = send({ path: '/slow', key });
    await inside;
    const duplicate = await send({ path: '/slow', key });
    expect(duplicate.status).toBe(409);
    expect(duplicate.headers['retry-after']).toBe('1');
    expect(problemOf(duplicate)).toMatchObject({ code: 'in_progress' });
    open();
    expect((await first).status).toBe(200);
    expect((await send({ path: '/slow', key })).body.equals((await first).body)).toBe(true);
    expect(runs.get('/slow')).toBe(1);
  });

  test('runs the handler once for 200 concurrent duplicates', async () => {
    const { inside, open } = slowly();
    const key = freshKey();
    const replies = Array.from({ length: 200 }, () => send({ path: '/slow', key }));
    await inside;
    open();
    const statuses = (await Promise.all(replies)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect(runs.get('/slow')).toBe(1);
  });

  test.each([
    ['before the answer', '/slow', '{"n":1}'],
    ['before an empty answer', '/slow-end', ''],
    ['in the middle of a stream', '/slow-stream', 'one two three'],
  ])(
    'an effect counts although its client went away %s, and the retry gets its answer',
    async (_when, path, answer) => {
      const { inside, open } = slowly();
      const key = freshKey();
      const arrived = event(server, 'request') as Promise<[IncomingMessage]>;
      const aborted = start({ path, key });
      aborted.on('error', () => {});
      const [{ socket }] = await arrived;
      await inside;
      const noticed = event(socket, 'close');
      aborted.destroy();
      await noticed;
      open();
      await soon(async () => (await send({ path, key })).status).toBe(200);
      const retry = await send({ path, key });
      expect(retry.body.toString()).toBe(answer);
      expect(retry.headers['idempotency-replayed']).toBe('true');
      expect(runs.get(path)).toBe(1);
    },
  );

  test.each([
    ['throws', '/throw', 500],
    ['answers 503', '/flaky', 503],
    ['answers 429', '/busy', 429],
  ])('frees the key when the handler %s', async (_what, path, status) => {
    const key = freshKey();
    expect((await send({ path, key })).status).toBe(status);
    const retry = await send({ path, key });
    expect(retry.status).toBe(200);
    expect(retry.headers['idempotency-replayed']).toBeUndefined();
    expect((await send({ path, key })).headers['idempotency-replayed']).toBe('true');
    expect(runs.get(path)).toBe(2);
  });

  test('frees the key when the body breaks off, and never shows the half as the whole', async () => {
    const key = freshKey();
    const first = await send({ path: '/broken', key }).catch(() => undefined);
    if (first !== undefined) expect(first.status).toBe(500);
    const retry = await send({ path: '/broken', key });
    expect(retry.body.toString()).toBe('one two three');
    expect(retry.headers['idempotency-replayed']).toBeUndefined();
  });

  test('breaks the answer off, and frees the key, when the handler throws after its first byte', async () => {
    const key = freshKey();
    const first = await send({ path: '/late-throw', key }).catch(() => undefined);
    if (first !== undefined) expect(first.status).toBe(500);
    const retry = await send({ path: '/late-throw', key });
    expect([retry.body.toString(), retry.headers['idempotency-replayed']]).toEqual(['whole', undefined]);
    expect((await send({ path: '/late-throw', key })).headers['idempotency-replayed']).toBe('true');
  });

  test('sends an answer that is too large once, and then says that it was not kept', async () => {
    const key = freshKey();
    const first = await send({ path: '/too-large', key });
    expect(first.status).toBe(200);
    expect(first.body.length).toBe(32 * 65_536);
    expect(first.body.at(-1)).toBe(31);
    const second = await send({ path: '/too-large', key });
    expect(second.status).toBe(410);
    expect(problemOf(second)).toMatchObject({ code: 'response_not_kept' });
    expect(runs.get('/too-large')).toBe(1);
  });

  test('answers 413 to a body that is too large to compare', async () => {
    const reply = await send({ path: '/charge', key: freshKey(), body: Buffer.alloc(10 * MIB + 1, 'x') });
    expect(reply.status).toBe(413);
    expect(problemOf(reply)).toMatchObject({ code: 'body_too_large' });
    expect(runs.size).toBe(0);
  });

  test('an owner that was overtaken says so, and nothing of what its handler wrote', async () => {
    overtaken = true;
    const reply = await send({ path: '/charge', key: freshKey() });
    expect(problemOf(reply)).toMatchObject({ status: 409 });
    expect(reply.headers['retry-after']).toBe('1');
    expect([reply.headers.location, reply.headers['set-cookie'], reply.headers['x-run']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(errors).toMatchObject([{ name: 'LeaseLostError' }]);
    expect(runs.get('/charge')).toBe(1);
  });

  test('answers 503 at once when the store is down, and runs nothing', async () => {
    broken = 'claim';
    const reply = await send({ path: '/charge', key: freshKey() });
    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toBe('1');
    expect(problemOf(reply)).toMatchObject({ code: 'store_unavailable' });
    expect(runs.size).toBe(0);
    expect(errors).toMatchObject([{ message: 'connection refused' }]);
  });

  test('gives the answer of an effect that the store failed to record, and reports it', async () => {
    broken = 'complete';
    const reply = await send({ path: '/charge', key: freshKey() });
    expect(reply.status).toBe(201);
    expect(JSON.parse(reply.body.toString())).toMatchObject({ n: 1 });
    expect(errors).toMatchObject([{ name: 'NotRecordedError' }]);
  });

  test.each<[how: string, fails: () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the log is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the log is full'))],
  ])('a log that %s is a warning, and the client gets its answer', async (_how, fails) => {
    broken = 'complete';
    onError = fails;
    const warned = event(process, 'warning');
    const reply = await send({ path: '/charge', key: freshKey() });
    expect(reply.status).toBe(201);
    expect(await warned).toMatchObject([{ message: 'the log is full' }]);
  });
});
