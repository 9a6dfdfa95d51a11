import { connect, createServer, type Server, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { once, withTimeout } from '../../src/once/index.ts';
import { postgresStore } from '../../src/once/stores/postgres.ts';
import { soon } from '../support/eventually.ts';
import { listenOnPort } from '../support/listen.ts';
import { POSTGRES, present, schemaOf } from './servers.ts';

const SCHEMA = schemaOf('connections');
const TABLE = `${SCHEMA}.once`;
const charge = (key: string) => ({ scope: { operation: 'charge', tenant: 'acme' }, key });

describe.runIf(await present('PostgreSQL', 5432))('a connection', () => {
  const pool = new Pool({ ...POSTGRES, max: 1 });
  const store = postgresStore(pool, { table: TABLE });
  const witness = new Pool({ ...POSTGRES, max: 2 });
  const rows = async () =>
    (await witness.query(`select key from ${SCHEMA}.charges`)).rows.map(({ key }) => key);

  beforeAll(async () => {
    await witness.query(`create schema ${SCHEMA}`);
    await witness.query(
      `create table ${SCHEMA}.charges (key text, constraint positive check (key <> 'bad'))`,
    );
    await store.setup();
  });
  beforeEach(async () => void (await witness.query(`truncate ${SCHEMA}.charges, ${TABLE}`)));
  afterAll(async () => {
    await witness.query(`drop schema ${SCHEMA} cascade`);
    await Promise.all([pool.end(), witness.end()]);
  });

  test('is the next one’s after the commit: what the effect left running is refused, not written there', async () => {
    let late = (): Promise<unknown> => expect.unreachable('not yet');
    await once(store.transactional, charge('a'), async (tx) => {
      late = () => tx.query(`insert into ${SCHEMA}.charges values ('late')`);
    });
    await once(store.transactional, charge('b'), async () => {
      await expect(late()).rejects.toMatchObject({ code: 'ERR_STEADFETCH_TRANSACTION_ENDED' });
    });
    expect(await rows()).toEqual([]);
  });

  test('refuses the transaction that a library opens on it: its commit would be that of the key, and the work be done twice', async () => {
    const insert = sql.raw(`insert into ${SCHEMA}.charges values ('a')`);
    const failing = once(store.transactional, charge('a'), (client) =>
      drizzle({ client }).transaction((tx) => tx.execute(insert)),
    );
    await expect(failing).rejects.toMatchObject({
      cause: { code: 'ERR_STEADFETCH_NESTED_TRANSACTION', message: expect.stringMatching(/^"begin" /) },
    });
    expect(await rows()).toEqual([]);
    const written = once(store.transactional, charge('a'), async (client) => {
      await drizzle({ client }).execute(insert);
      throw new Error('declined');
    });
    await expect(written).rejects.toThrow('declined');
    expect(await rows()).toEqual([]);
  });

  test('that an effect gives back stays with its transaction until the end, and is not the next one’s meanwhile', async () => {
    const insert = `insert into ${SCHEMA}.charges values ('a')`;
    const first = once(store.transactional, charge('a'), async (tx) => {
      await tx.query(insert);
      tx.release();
      await tx.query(insert);
    });
    const second = once(store.transactional, charge('b'), async (tx) => {
      await tx.query(`insert into ${SCHEMA}.charges values ('b')`);
      throw new Error('declined');
    });
    const ended = await Promise.allSettled([first, second]);
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await rows()).toEqual(['a', 'a']);
  });

  test('that is lent again does not wait for an effect that was abandoned in its last transaction', async () => {
    const work = async (key: string, effect: () => unknown) => {
      const client = await pool.connect();
      await client.query('begin');
      const working = once(store.within(client), charge(key), effect);
      return { working, client };
    };
    let begun = () => {};
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const abandoned = await work('a', () => {
      begun();
      return new Promise(() => {});
    });
    await beginning;
    await abandoned.client.query('rollback');
    abandoned.client.release();
    const next = await work('b', () => 'done');
    expect(await next.working).toEqual({ value: 'done', replayed: false });
    await next.client.query('commit');
    next.client.release();
  });

  test('refuses a late statement in the way that it was asked: by callback, and at once for a cursor', async () => {
    let tx = pool as unknown as Pick<Pool, 'query'>;
    await once(store.transactional, charge('a'), (open) => {
      tx = open as never;
    });
    const error = await new Promise((resolve) => tx.query('select 1', (error) => resolve(error)));
    expect(error).toMatchObject({ name: 'TransactionEndedError' });
    expect(() => tx.query({ submit() {} } as never)).toThrow('The transaction has ended');
  });

  test('that a late statement has spoilt answers the commit with a rollback, and that is an error', async () => {
    const swallowed = { ...store.transactional };
    const failing = swallowed.transaction(async (tx) => {
      await tx.query(`insert into ${SCHEMA}.charges values ('a')`);
      await tx.query(`insert into ${SCHEMA}.charges values ('bad')`).catch(() => {});
      return 'done';
    });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_STEADFETCH_TRANSACTION_ABORTED' });
    expect(await rows()).toEqual([]);
  });

  test('that is lost while the effect is busy elsewhere ends the transaction, and gives its place in the pool back', async () => {
    const never = once(store.transactional, charge('a'), async (tx) => {
      const { rows } = await tx.query('select pg_backend_pid() as pid');
      await witness.query('select pg_terminate_backend($1)', [rows[0].pid]);
      await new Promise(() => {}); // an effect that never ends
    });
    await expect(never).rejects.toThrow(/terminat/);
    expect(await once(store.transactional, charge('a'), () => 'second')).toMatchObject({ value: 'second' });
  });
});

describe.runIf(await present('PostgreSQL', 5432))('connections that went silent', () => {
  let proxy: Server;
  let pool: Pool;
  const silenced = new Set<Socket>();
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    proxy = createServer((client) => {
      const server = connect(POSTGRES.port, POSTGRES.host);
      sockets.add(client);
      client.on('error', () => {}).on('close', () => server.destroy());
      server.on('error', () => {}).on('close', () => client.destroy());
      client.on('data', (data) => silenced.has(client) || server.write(data));
      server.on('data', (data) => silenced.has(client) || client.write(data));
    });
    const port = await listenOnPort(proxy);
    pool = new Pool({ ...POSTGRES, host: '127.0.0.1', port, max: 2 });
    pool.on('error', () => {});
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await pool.end();
    proxy.close();
  });

  test.each(['under a lease', 'in a transaction'])(
    'are given up, so that the pool opens new ones: %s',
    async (mode) => {
      const schema = `${SCHEMA}_silent`;
      const direct = new Pool(POSTGRES);
      await direct.query(`drop schema if exists ${schema} cascade`);
      await direct.query(`create schema ${schema}`);
      const store = postgresStore(pool, { table: `${schema}.once` });
      await store.setup();
      const limited = withTimeout(mode === 'under a lease' ? store : store.transactional, 1_000);
      let key = 0;
      const call = () =>
        once(limited as never, charge(`${++key}`), () => 'done').then(
          () => 'done',
          (error: Error) => error.name,
        );
      expect(await Promise.all([call(), call()])).toEqual(['done', 'done']);
      for (const socket of sockets) silenced.add(socket);
      expect(await Promise.all([call(), call()])).toEqual(['StoreTimeoutError', 'StoreTimeoutError']);
      await soon(call).toBe('done');
      expect(pool.totalCount).toBeLessThanOrEqual(2);
      await direct.query(`drop schema ${schema} cascade`);
      await direct.end();
    },
  );
});

describe.runIf(await present('PostgreSQL', 5432))(
  'a connection that is lost in the moment in which the pool hands it over',
  () => {
    test('fails the step, and does not end the process', async () => {
      let gathering = false;
      // Hands on in one piece what comes until the server closes the connection.
      const proxy = createServer((client) => {
        const server = connect(POSTGRES.port, POSTGRES.host);
        const gathered: Buffer[] = [];
        client.on('error', () => {}).on('data', (data) => server.write(data));
        server.on('error', () => {}).on('close', () => client.end(Buffer.concat(gathered)));
        server.on('data', (data) => void (gathering ? gathered.push(data) : client.write(data)));
      });
      const pool = new Pool({ ...POSTGRES, host: '127.0.0.1', port: await listenOnPort(proxy), max: 1 });
      pool.on('error', () => {});
      const store = postgresStore(pool, { table: 'no_such_table' });
      const { rows } = await pool.query('select pg_backend_pid() as pid');
      gathering = true;
      const last = pool.query('select 1');
      const next = once(store.transactional, charge('a'), () => expect.unreachable());
      const direct = new Pool(POSTGRES);
      await soon(async () => {
        const { rows: found } = await direct.query(
          'select query, state from pg_stat_activity where pid = $1',
          [rows[0].pid],
        );
        return found[0];
      }).toEqual({ query: 'select 1', state: 'idle' });
      await direct.query('select pg_terminate_backend($1)', [rows[0].pid]);
      await expect(next).rejects.toThrow(/not queryable|terminat/);
      await last;
      await Promise.all([direct.end(), pool.end()]);
      proxy.close();
    });
  },
);
