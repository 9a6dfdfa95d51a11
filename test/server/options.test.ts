import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/once/index.ts';
import { idempotency as forFastify } from '../../src/server/adapters/fastify.ts';
import { idempotency as forHono } from '../../src/server/adapters/hono.ts';
import { idempotency as forKoa } from '../../src/server/adapters/koa.ts';
import { idempotency as forNode, idempotentListener } from '../../src/server/adapters/node.ts';
import { idempotent } from '../../src/server/index.ts';

type Options = Parameters<typeof forNode>[0];

/** Every way in. */
const entries: Record<string, (options: Options) => unknown> = {
  idempotent: (options) => idempotent(() => new Response(), options as never),
  'server/node': (options) => forNode(options),
  idempotentListener: (options) => idempotentListener(() => {}, options),
  'server/fastify': (options) => forFastify(options as never),
  'server/koa': (options) => forKoa(options as never),
  'server/hono': (options) => forHono(options as never),
};

const CENTURY = 3_155_760_000_000;
const METHODS = "an array of HTTP methods, such as ['POST', 'PATCH']";

const wrong: readonly (readonly [options: object, message: string])[] = [
  [{ requird: false }, 'requird is not an option; did you mean required?'],
  [{ requestlimit: 10 }, 'requestlimit is not an option; did you mean requestLimit?'],
  [{ storeTimeOut: 5 }, 'storeTimeOut is not an option; did you mean storeTimeout?'],
  [{ fingerPrint: 'json' }, 'fingerPrint is not an option; did you mean fingerprint?'],
  [{ liftime: 60_000 }, 'liftime is not an option; did you mean lifetime?'],
  [{ method: ['POST'] }, 'method is not an option; did you mean methods?'],
  [{ ttl: 60 }, 'ttl is not an option; here it is lifetime, in milliseconds, from the claim on'],
  [{ lockTtl: 60 }, 'lockTtl is not an option; here it is lease, in milliseconds'],
  [
    { idempotencyKey: 'x-key' },
    'idempotencyKey is not an option; here it is header, the name of the header that carries the key',
  ],
  [{ enforceIdempotency: true }, 'enforceIdempotency is not an option; here it is required, true by default'],
  [
    { cacheKeyPrefix: 'x' },
    'cacheKeyPrefix is not an option; here it is scope, which names operation and tenant',
  ],
  [{ keyMaxLength: 64 }, 'keyMaxLength is not an option; a key has 1 to 255 characters'],
  [
    { store: undefined },
    'store must be a store, such as memoryStore() or postgresStore(pool).transactional, got undefined',
  ],
  [
    { store: {} },
    'store must be a store, such as memoryStore() or postgresStore(pool).transactional, got an object',
  ],
  [{ scope: undefined }, 'scope must be a function that names operation and tenant, got undefined'],
  [
    { scope: { operation: 'x', tenant: 't' } },
    'scope must be a function that names operation and tenant, got an object',
  ],
  [{ header: '' }, 'header must be the name of a header, got ""'],
  [{ header: 'X Key' }, 'header must be the name of a header, got "X Key"'],
  [{ required: 'false' }, 'required must be true or false, got "false"'],
  [{ methods: 'POST' }, `methods must be ${METHODS}, got "POST"`],
  [{ methods: [] }, `methods must be ${METHODS}, got an empty one`],
  [
    { methods: ['POST', 'PSOT'] },
    'methods[1] must be one of POST, PATCH, PUT, DELETE, or another method of HTTP, got "PSOT"',
  ],
  [{ fingerprint: 'body' }, 'fingerprint must be "bytes" or "json", got "body"'],
  [{ keep: true }, 'keep must be a function from a Response to true or false, got true'],
  [{ dropHeaders: 'set-cookie' }, 'dropHeaders must be an array of header names, got "set-cookie"'],
  [{ dropHeaders: ['a', 'b c'] }, 'dropHeaders[1] must be the name of a header, got "b c"'],
  [{ commit: 402 }, 'commit must be a function from a Response to true or false, got 402'],
  [{ documentation: '/docs' }, 'documentation must be an absolute http(s) URL, got "/docs"'],
  [{ requestLimit: '1mb' }, 'requestLimit must be a whole number from 1 to 2147483647, got "1mb"'],
  [{ responseLimit: Number.NaN }, 'responseLimit must be a whole number from 1 to 2147483647, got NaN'],
  [{ storeTimeout: 0 }, `storeTimeout must be a whole number of milliseconds from 10 to ${CENTURY}, got 0`],
  [
    { storeTimeout: 2 },
    `storeTimeout must be a whole number of milliseconds from 10 to ${CENTURY}, got 2: 2 seconds are 2000`,
  ],
  [{ whenStoreDown: 'Run' }, 'whenStoreDown must be "refuse" or "run", got "Run"'],
  [{ onError: 'log' }, 'onError must be a function, got "log"'],
  [
    { lease: 30 },
    `lease must be a whole number of milliseconds from 100 to ${CENTURY}, got 30: 30 seconds are 30000`,
  ],
  [{ lifetime: '24h' }, `lifetime must be a whole number of milliseconds from 100 to ${CENTURY}, got "24h"`],
  [{ lifetime: 3_600 }, 'lifetime must not be shorter than the lease (30000 ms), got 3600'],
  [
    { wait: 5 },
    `wait must be 0 or a whole number of milliseconds from 10 to ${CENTURY}, got 5: 5 seconds are 5000`,
  ],
];

describe.each(Object.entries(entries))('%s', (_name, entry) => {
  const scope = () => ({ operation: 'charge', tenant: 'acme' });

  test.each(wrong)('refuses %j before any request', (options, message) => {
    expect(() => entry({ store: memoryStore(), scope, ...options } as never)).toThrow(
      expect.objectContaining({ name: 'PolicyError', code: 'ERR_STEADFETCH_POLICY', message }),
    );
  });

  test('refuses what are no options at all', () => {
    for (const none of [undefined, null, memoryStore, [], 'a'])
      expect(() => entry(none as never)).toThrow('options must be a plain object with store, scope,');
  });

  test('takes every option there is', () => {
    entry({
      store: memoryStore(),
      scope,
      header: 'X-Key',
      required: false,
      methods: ['post', 'QUERY'],
      fingerprint: 'json',
      keep: () => true,
      dropHeaders: [],
      requestLimit: 1,
      responseLimit: 1,
      storeTimeout: 10,
      whenStoreDown: 'run',
      onError: () => {},
      lease: 100,
      lifetime: 100,
      wait: 10,
    });
  });
});

test('what is no handler is refused', () => {
  const options = { store: memoryStore(), scope: () => ({ operation: 'charge', tenant: 'acme' }) };
  expect(() => idempotent(options as never, options)).toThrow('handler must be a function, got an object');
  expect(() => idempotentListener(undefined as never, options)).toThrow('handler must be a function');
});
