import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { consume, memoryStore, once, purge, withTimeout } from '../../src/once/index.ts';
import { mysqlStore } from '../../src/once/stores/mysql.ts';
import { openPglite, pgliteStore } from '../../src/once/stores/pglite.ts';
import { openPostgres, postgresStore, schemaSql } from '../../src/once/stores/postgres.ts';
import { openRedis, redisStore } from '../../src/once/stores/redis.ts';

const scope = { operation: 'charge', tenant: 'acme' };
const unreachable = () => expect.unreachable('the effect ran');
const TIME = (from: string) => `a whole number of milliseconds from ${from} to 3155760000000`;

/** A wrong input, and the whole message that it gets: the path, what is allowed, and the value. */
type Row = readonly [wrong: unknown, message: string];

const times: readonly Row[] = [
  [{ lease: 0 }, `lease must be ${TIME('100')}, got 0`],
  [{ lease: 30 }, `lease must be ${TIME('100')}, got 30: 30 seconds are 30000`],
  [{ lease: '30s' }, `lease must be ${TIME('100')}, got "30s"`],
  [{ lease: 1_000.5 }, `lease must be ${TIME('100')}, got 1000.5`],
  [{ lifetime: 24 }, `lifetime must be ${TIME('100')}, got 24: 24 seconds are 24000`],
  [{ lifetime: Number.POSITIVE_INFINITY }, `lifetime must be ${TIME('100')}, got Infinity`],
  [{ lifetime: 5_000 }, 'lifetime must not be shorter than the lease (30000 ms), got 5000'],
  [{ lease: 6_000, lifetime: 5_000 }, 'lease must not be longer than the lifetime (5000 ms), got 6000'],
  [{ wait: -1 }, `wait must be 0 or ${TIME('10')}, got -1`],
  [{ wait: 5 }, `wait must be 0 or ${TIME('10')}, got 5: 5 seconds are 5000`],
  [{ waits: 5 }, 'waits is not an option; did you mean wait?'],
];

const names: readonly (readonly [value: unknown, complaint: string])[] = [
  ['', 'must be 1 to 255 characters long, got 0'],
  ['k'.repeat(10_000), 'must be 1 to 255 characters long, got 10000'],
  ['a\nb', 'must be a string without control characters and lone surrogates, got "a\\nb"'],
  ['a\0', 'must be a string without control characters and lone surrogates, got "a\\u0000"'],
  ['\ud800', 'must be a string without control characters and lone surrogates, got "\\ud800"'],
  [7, 'must be a string of 1 to 255 characters, got 7'],
  [undefined, 'must be a string of 1 to 255 characters, got undefined'],
  [['charge', 42], 'must be a string of 1 to 255 characters, got an array'],
];

const STORE = 'a store, such as memoryStore() or postgresStore(pool).transactional';
const stores: readonly Row[] = [
  [undefined, `store must be ${STORE}, got undefined`],
  [{}, `store must be ${STORE}, got an object`],
  [memoryStore, `store must be ${STORE}, got a function`],
  [Promise.resolve(memoryStore()), `store must be ${STORE}, got a promise: await it`],
  [{ ...memoryStore(), extend: undefined }, `store must be ${STORE}, got one without extend`],
  [{ query() {}, transaction() {} }, `store must be ${STORE}, got an object`],
];

const refusal = (message: string) => expect.objectContaining({ name: 'PolicyError', message });

describe('once refuses, and runs nothing:', () => {
  test.each([
    ...times,
    ...names.map(([key, complaint]): Row => [{ key }, `key ${complaint}`]),
    ...names.map(
      ([tenant, complaint]): Row => [{ scope: { ...scope, tenant } }, `scope.tenant ${complaint}`],
    ),
    ...names
      .filter(([fingerprint]) => fingerprint !== undefined)
      .map(([fingerprint, complaint]): Row => [{ fingerprint }, `fingerprint ${complaint}`]),
    [{ scope: undefined }, 'scope must be a plain object with operation, tenant, got undefined'],
    [{ scope: 'charge' }, 'scope must be a plain object with operation, tenant, got "charge"'],
    [{ scope: { ...scope, tennant: 'x' } }, 'scope.tennant is not an option; did you mean scope.tenant?'],
    [{ fingerPrint: 'A' }, 'fingerPrint is not an option; did you mean fingerprint?'],
    [{ wit: 5, colour: 1 }, 'wit is not an option; did you mean wait?'],
    [{ colour: 'A' }, 'colour is not an option; there are scope, key, fingerprint, lifetime, lease, wait'],
    [{ idempotencyKey: 'A' }, 'idempotencyKey is not an option; here it is key'],
    [{ ttl: 60 }, 'ttl is not an option; here it is lifetime, in milliseconds, from the claim on'],
    [{ tenantId: 'a' }, 'tenantId is not an option; here it is scope, which names operation and tenant'],
    [{ scope: { ...scope, userId: 'x' } }, 'scope.userId is not an option; here it is tenant'],
  ] as Row[])('%j', async (wrong, message) => {
    const id = { scope, key: 'a', ...(wrong as object) };
    await expect(once(memoryStore(), id, unreachable)).rejects.toEqual(refusal(message));
  });

  test.each(stores)('%j as its store', async (store, message) => {
    await expect(once(store as never, { scope, key: 'a' }, unreachable)).rejects.toEqual(refusal(message));
  });

  test('what is no id, and what is no effect', async () => {
    await expect(once(memoryStore(), 'a' as never, unreachable)).rejects.toThrow('id must be a plain object');
    await expect(once(memoryStore(), { scope, key: 'a' }, 7 as never)).rejects.toThrow(
      'effect must be a function, got 7',
    );
  });
});

describe('consume refuses, and runs nothing:', () => {
  test.each([
    ...times,
    ...names.map(([consumer, complaint]): Row => [{ consumer }, `consumer ${complaint}`]),
    ...names.map(([messageId, complaint]): Row => [{ messageId }, `messageId ${complaint}`]),
    [{ messageID: 'm' }, 'messageID is not an option; did you mean messageId?'],
    [{ groupId: 'g' }, 'groupId is not an option; here it is consumer'],
    [
      { idempotencyKey: 'm' },
      'idempotencyKey is not an option; here it is messageId, what the producer calls it, the same on every delivery',
    ],
  ] as Row[])('%j', async (wrong, message) => {
    const id = { consumer: 'ledger', messageId: 'm', ...(wrong as object) };
    await expect(consume(memoryStore(), id, unreachable)).rejects.toEqual(refusal(message));
  });

  test.each(stores)('%j as its store', async (store, message) => {
    const id = { consumer: 'ledger', messageId: 'm' };
    await expect(consume(store as never, id, unreachable)).rejects.toEqual(refusal(message));
  });
});

describe('stores refuse, before anything is opened:', () => {
  const pool = { connect() {}, query() {} } as never;
  const lite = { query() {}, transaction() {} } as never;
  const client = { evalBuffer() {} } as never;
  const TABLE = 'name or schema.name, of lower-case letters, digits and _, each at most 52 long';

  test.each<readonly [title: string, make: () => unknown, message: string]>([
    [
      'a misspelt option',
      () => postgresStore(pool, { tabel: 'x' } as never),
      'tabel is not an option; did you mean table?',
    ],
    [
      'a misspelt option',
      () => pgliteStore(lite, { Table: 'x' } as never),
      'Table is not an option; did you mean table?',
    ],
    [
      'a misspelt option',
      () => redisStore(client, { prefx: 'x' } as never),
      'prefx is not an option; did you mean prefix?',
    ],
    [
      'a name of another library',
      () => postgresStore(pool, { tableName: 'x' } as never),
      'tableName is not an option; here it is table',
    ],
    [
      'a name of another library',
      () => redisStore(client, { keyPrefix: 'x' } as never),
      'keyPrefix is not an option; here it is prefix',
    ],
    [
      'a name for options',
      () => postgresStore(pool, 'keys' as never),
      'options must be a plain object with table, prepare, got "keys"',
    ],
    [
      'a flag that is a string',
      () => postgresStore(pool, { prepare: 'no' } as never),
      'prepare must be true or false, got "no"',
    ],
    [
      'a prefix that is none',
      () => redisStore(client, { prefix: 1 } as never),
      'prefix must be a string, got 1',
    ],
    [
      'a URL for a pool',
      () => postgresStore('postgres://x' as never),
      'pool must be a Pool of pg, got "postgres://x"',
    ],
    [
      'a client for a pool',
      () => postgresStore(new pg.Client() as never),
      'pool must be a Pool of pg, got a Client',
    ],
    [
      'a pool with callbacks',
      () => mysqlStore({ getConnection() {}, query() {}, promise() {} } as never),
      'pool must be a pool of mysql2/promise, got one of mysql2: pass pool.promise()',
    ],
    ['a pool for a database', () => pgliteStore(pool), 'db must be a PGlite database, got an object'],
    [
      'no client',
      () => redisStore({ sendCommand() {} } as never),
      'client must be a client of ioredis, or of redis 5 or later (a client, a pool, a cluster or a sentinel), got an object',
    ],
    [
      'a date for a clock',
      () => memoryStore(0 as never),
      'now must be a clock: a function that returns milliseconds, got 0',
    ],
    ['no store to limit', () => withTimeout({} as never, 100), `store must be ${STORE}, got an object`],
    [
      'seconds for a limit',
      () => withTimeout(memoryStore(), 2),
      `limit must be ${TIME('10')}, got 2: 2 seconds are 2000`,
    ],
    ...['Once', 'a b', 'a.b.c', 'x; drop table y', '', '1a', 'x'.repeat(53)].map(
      (table) =>
        [
          `the table ${JSON.stringify(table)}`,
          () => postgresStore(pool, { table }),
          `table must be ${TABLE}, got ${JSON.stringify(table)}`,
        ] as const,
    ),
    ['a table to create', () => schemaSql('a b'), `table must be ${TABLE}, got "a b"`],
  ])('%s', (_title, make, message) => {
    expect(make).toThrow(refusal(message));
  });

  test.each<readonly [title: string, open: () => Promise<unknown>, message: string]>([
    [
      'openPostgres',
      () => openPostgres(undefined as never),
      'url must be a URL such as postgres://127.0.0.1/shop, got undefined',
    ],
    [
      'openPostgres',
      () => openPostgres('postgres//127.0.0.1/shop'),
      'url must be a URL such as postgres://127.0.0.1/shop, got "postgres//127.0.0.1/shop"',
    ],
    [
      'openRedis',
      () => openRedis('127.0.0.1:6379'),
      'url must be a URL such as redis://127.0.0.1, got "127.0.0.1:6379"',
    ],
    ['openRedis', () => openRedis('' as never), 'url must be a URL such as redis://127.0.0.1, got ""'],
    ['openPglite', () => openPglite(7 as never), 'directory must be a directory, got 7'],
    [
      'purge',
      () => purge(memoryStore(), 0),
      'batch must be a whole number from 1 to 9007199254740991, got 0',
    ],
    [
      'purge',
      () => purge({ transaction() {} } as never),
      'store must be a store with purge(); for a transactional one, the store that it came from, got an object',
    ],
  ])('%s', async (_title, open, message) => {
    await expect(open()).rejects.toEqual(refusal(message));
  });
});
