import { createServer, type Server } from 'node:net';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type AnyStore, memoryStore, type Store, type TransactionalStore } from '../../src/once/index.ts';
import { postgresStore } from '../../src/once/stores/postgres.ts';
import { redisStore } from '../../src/once/stores/redis.ts';
import { type IdempotencyOptions, idempotent, isFinal } from '../../src/server/index.ts';
import { soon } from '../support/eventually.ts';

const scope = () => ({ operation: 'charge', tenant: 'acme' });
const post = (init: { key?: string; body?: string; method?: string; url?: string } = {}) =>
  new Request(init.url ?? 'http://localhost/charges', {
    method: init.method ?? 'POST',
    body: init.body ?? '{}',
    ...(init.key !== undefined && { headers: { 'idempotency-key': init.key } }),
  });

/** A handler that counts, behind a store of its own. */
function counting<S extends AnyStore = Store>(options: Partial<IdempotencyOptions<S, Request>> = {}) {
  let runs = 0;
  const handler = idempotent<S>(async () => Response.json({ run: ++runs }), {
    store: memoryStore() as AnyStore as S,
    scope,
    ...options,
  });
  return { handler, runs: () => runs };
}

describe('idempotent', () => {
  test('without a key runs unprotected, if a key is not required', async () => {
    const { handler } = counting({ required: false });
    for (const run of [1, 2]) expect(await (await handler(post())).json()).toEqual({ run });
  });

  test('hands the handler a request whose body, headers, method and URL are the caller’s', async () => {
    const seen: unknown[] = [];
    const handler = idempotent(
      async (request) => {
        seen.push(request.method, request.url, request.headers.get('x-own'), await request.json());
        return new Response(null);
      },
      { store: memoryStore(), scope },
    );
    const headers = { 'idempotency-key': 'a', 'x-own': 'yes' };
    await handler(
      new Request('http://shop.example/charges?now', { method: 'POST', body: '{"cents":1}', headers }),
    );
    expect(seen).toEqual(['POST', 'http://shop.example/charges?now', 'yes', { cents: 1 }]);
  });

  test.each(['{}', null])('does not tell the handler that its client has left: body %j', async (body) => {
    const client = new AbortController();
    const handler = idempotent(
      async (request) => {
        client.abort();
        request.signal.throwIfAborted();
        return new Response('done');
      },
      { store: memoryStore(), scope },
    );
    const request = () =>
      new Request('http://shop.example/charges', {
        method: 'POST',
        body,
        headers: { 'idempotency-key': 'a' },
        signal: client.signal,
      });
    for (const replayed of [null, 'true']) {
      const response = await handler(request());
      expect(response.headers.get('idempotency-replayed')).toBe(replayed);
      expect(await response.text()).toBe('done');
    }
  });

  test('hands the handler its lease', async () => {
    const handler = idempotent(async (_request, lease) => Response.json({ token: lease?.token }), {
      store: memoryStore(),
      scope,
    });
    expect(await (await handler(post({ key: 'a' }))).json()).toEqual({ token: 1 });
  });

  test('lets a duplicate wait, if asked to', async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const handler = idempotent(
      async () => {
        await opened;
        return new Response('done');
      },
      { store: memoryStore(), scope, wait: 5_000 },
    );
    const both = [handler(post({ key: 'a' })), handler(post({ key: 'a' }))];
    open();
    const replies = await Promise.all(both);
    expect(await Promise.all(replies.map((reply) => reply.text()))).toEqual(['done', 'done']);
    expect(replies.map((reply) => reply.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  });

  test('compares JSON by its meaning, if asked to', async () => {
    const { handler, runs } = counting({ fingerprint: 'json' });
    await handler(post({ key: 'a', body: '{"a":1,"b":2}' }));
    expect(
      (await handler(post({ key: 'a', body: '{ "b": 2, "a": 1 }' }))).headers.get('idempotency-replayed'),
    ).toBe('true');
    expect((await handler(post({ key: 'a', body: '{"a":2,"b":2}' }))).status).toBe(422);
    expect(runs()).toBe(1);
  });

  test('takes the key from the header it is told', async () => {
    const { handler } = counting({ header: 'X-Request-Key' });
    const headers = { 'x-request-key': 'a' };
    await handler(new Request('http://localhost/', { method: 'POST', headers }));
    const second = await handler(new Request('http://localhost/', { method: 'POST', headers }));
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });

  test('a stream of texts is an error, as to the runtime, and nothing is kept', async () => {
    let runs = 0;
    const texts = () => ReadableStream.from(['text']) as never;
    const handler = idempotent(() => (++runs > 0 ? new Response(texts()) : Response.error()), {
      store: memoryStore(),
      scope,
    });
    for (const n of [1, 2]) {
      await expect(handler(post({ key: 'a' }))).rejects.toThrow(
        'A body must be a stream of Uint8Array, got string',
      );
      expect(runs).toBe(n);
    }
  });

  test('Response.error() is handed on, and not kept', async () => {
    const answers = [Response.error(), new Response('done')];
    const handler = idempotent(() => answers.shift() ?? expect.unreachable('the handler ran'), {
      store: memoryStore(),
      scope,
    });
    for (const status of [0, 200, 200]) expect((await handler(post({ key: 'a' }))).status).toBe(status);
  });

  test('an async keep or commit is waited for', async () => {
    const { handler, runs } = counting({
      keep: async (response) => ((await response.clone().json()) as { run: number }).run > 1,
      commit: async () => true,
    });
    for (const run of [1, 2, 2]) expect(await (await handler(post({ key: 'a' }))).json()).toEqual({ run });
    expect(runs()).toBe(2);
  });

  test('a body that was read before is an error, and no empty answer', async () => {
    const { handler, runs } = counting({ keep: async (response) => (await response.text()) !== '' });
    for (let n = 1; n <= 2; n++) {
      await expect(handler(post({ key: 'a' }))).rejects.toThrow(/was read before; keep and commit may read/);
      expect(runs()).toBe(n);
    }
  });

  test('stores what the policy says, and frees the key for the rest', async () => {
    const { handler, runs } = counting({ keep: () => false });
    for (const n of [1, 2]) {
      await handler(post({ key: 'a' }));
      expect(runs()).toBe(n);
    }
  });

  test('throws the handler’s own error, whatever it is, and frees the key', async () => {
    const { InProgressError } = await import('../../src/once/errors.ts');
    const own = new InProgressError({ scope: 'other', key: 'inner' }, 5);
    let runs = 0;
    const handler = idempotent(
      () => {
        runs++;
        throw own;
      },
      { store: memoryStore(), scope },
    );
    for (const n of [1, 2]) {
      await expect(handler(post({ key: 'a' }))).rejects.toBe(own);
      expect(runs).toBe(n);
    }
  });

  test('answers 409 to the owner whose lease was taken over, and the retry gets the other’s answer', async () => {
    let time = 0;
    const store = memoryStore(() => time);
    const onError = vi.fn();
    const answers = ['first', 'second'];
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const handler = idempotent(
      async () => {
        const answer = answers.shift();
        if (answer === 'first') await opened;
        return new Response(answer);
      },
      { store, scope, lease: 1_000, onError },
    );
    const slow = handler(post({ key: 'a' }));
    await soon(() => answers.length).toBe(1);
    time = 1_000;
    await handler(post({ key: 'a' }));
    open();
    expect((await slow).status).toBe(409);
    expect(onError.mock.calls).toMatchObject([[{ name: 'LeaseLostError' }]]);
    expect(await (await handler(post({ key: 'a' }))).text()).toBe('second');
  });

  test('does not swallow an error of the scope: without a tenant nobody is served', async () => {
    const { handler, runs } = counting({
      scope: () => ({ operation: 'charge', tenant: undefined as never }),
    });
    await expect(handler(post({ key: 'a' }))).rejects.toThrow(
      'scope.tenant must be a string of 1 to 255 characters, got undefined',
    );
    expect(runs()).toBe(0);
  });
});

describe('isFinal', () => {
  test.each([200, 201, 204, 303, 400, 404, 410, 422])('%d would be the same tomorrow', (status) => {
    expect(isFinal(new Response(null, { status }))).toBe(true);
  });
  test.each([401, 403, 408, 409, 423, 425, 429, 500, 503])('%d may be another one tomorrow', (status) => {
    expect(isFinal(new Response(null, { status }))).toBe(false);
  });
});

/** A server that takes connections and never says a word. */
describe('a store that does not answer', () => {
  let hole: Server | undefined;
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    hole?.close();
  });
  async function blackHole(): Promise<number> {
    const sockets = new Set<{ destroy(): void }>();
    hole = createServer((socket) => void sockets.add(socket.on('error', () => {})));
    await new Promise<void>((resolve) => {
      hole?.listen(0, '127.0.0.1', resolve);
    });
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
    });
    return (hole.address() as { port: number }).port;
  }

  const stores: Record<string, (port: number) => AnyStore> = {
    'PostgreSQL, lease mode': (port) => postgres(port),
    'PostgreSQL, in a transaction': (port) => postgres(port).transactional,
    ioredis(port) {
      const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
      client.on('error', () => {});
      closers.push(() => client.disconnect());
      return redisStore(client);
    },
    redis(port) {
      const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: false } });
      client.on('error', () => {});
      client.connect().catch(() => {});
      closers.push(() => client.destroy());
      return redisStore(client);
    },
  };
  const postgres = (port: number) => {
    const pool = new Pool({ host: '127.0.0.1', port, user: 'nobody', database: 'nothing' });
    pool.on('error', () => {});
    return postgresStore(pool);
  };

  test.each(Object.entries(stores))('%s: 503 in time, and nothing is run', async (_name, storeAt) => {
    const onError = vi.fn();
    const { handler, runs } = counting<AnyStore>({
      store: storeAt(await blackHole()),
      storeTimeout: 50,
      onError,
    });
    const reply = await handler(post({ key: 'a' }));
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('1');
    expect(runs()).toBe(0);
    expect(onError.mock.calls).toMatchObject([[{ name: 'StoreTimeoutError' }]]);
  });

  test('runs the handler unprotected, if that was chosen', async () => {
    const store: Store = { ...memoryStore(), claim: () => new Promise(() => {}) };
    const { handler } = counting({ store, storeTimeout: 20, whenStoreDown: 'run', onError: () => {} });
    expect(await (await handler(post({ key: 'a' }))).json()).toEqual({ run: 1 });
  });

  test('never runs the handler a second time, even if that was chosen', async () => {
    const lost = new Error('connection lost');
    const store: TransactionalStore<string> = {
      transaction: (work) => work('tx', memoryStore()).then(() => Promise.reject(lost)),
    };
    const onError = vi.fn();
    const { handler, runs } = counting<AnyStore>({ store, whenStoreDown: 'run', onError });
    expect((await handler(post({ key: 'a' }))).status).toBe(503);
    expect(runs()).toBe(1);
    expect(onError.mock.calls).toEqual([[lost]]);
  });

  test('gives the answer of a handler whose completion hangs', async () => {
    const store: Store = { ...memoryStore(), complete: () => new Promise(() => {}) };
    const { handler, runs } = counting({ store, storeTimeout: 20, whenStoreDown: 'run', onError: () => {} });
    expect(await (await handler(post({ key: 'a' }))).json()).toEqual({ run: 1 });
    expect(runs()).toBe(1);
  });
});
