import { PGlite } from '@electric-sql/pglite';
import { Pool, type PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { consume, once, purge, type TransactionalStore } from '../../src/once/index.ts';
import { pgliteStore } from '../../src/once/stores/pglite.ts';
import { openPostgres, postgresStore } from '../../src/once/stores/postgres.ts';
import type { Queryable } from '../../src/once/stores/sql.ts';
import { soon } from '../support/eventually.ts';
import { type DatabaseStore, POSTGRES, present, schemaOf } from './servers.ts';

const SCHEMA = schemaOf('postgres');
const TABLE = `${SCHEMA}.once`;
const charge = (key: string) => ({ scope: { operation: 'charge', tenant: 'acme' }, key });

const count = async (db: Queryable, table: string) =>
  ((await db.query(`select count(*)::int as n from ${table}`)).rows[0] as { n: number }).n;
const insert = (tx: Queryable, key: string) => tx.query(`insert into ${SCHEMA}.charges values ($1)`, [key]);

async function createTables(db: Queryable) {
  await db.query(`drop schema if exists ${SCHEMA} cascade`);
  await db.query(`create schema ${SCHEMA}`);
  await db.query(`create table ${SCHEMA}.charges (key text, constraint positive check (key <> 'bad'))`);
}

/** What holds for a database of one connection and for a pool alike. */
function transactions(
  db: () => Queryable,
  store: () => DatabaseStore,
  within: (tx: Queryable) => TransactionalStore<unknown>,
  open: <T>(work: (tx: Queryable) => Promise<T>) => Promise<T>,
) {
  test('the key and the business row are committed together', async () => {
    const effect = async (tx: Queryable) => {
      await insert(tx, 'a');
      return { cents: 100 };
    };
    expect(await once(store().transactional, charge('a'), effect)).toEqual({
      value: { cents: 100 },
      replayed: false,
    });
    expect(await once(store().transactional, charge('a'), effect)).toEqual({
      value: { cents: 100 },
      replayed: true,
    });
    expect(await count(db(), `${SCHEMA}.charges`)).toBe(1);
  });

  test('an effect that throws leaves neither key nor row', async () => {
    const failing = once(store().transactional, charge('a'), async (tx) => {
      await insert(tx, 'a');
      throw new Error('declined');
    });
    await expect(failing).rejects.toThrow('declined');
    expect(await count(db(), `${SCHEMA}.charges`)).toBe(0);
    expect(await count(db(), TABLE)).toBe(0);
  });

  test('an effect that swallows a database error is not committed as done', async () => {
    const swallowing = once(store().transactional, charge('a'), async (tx) => {
      await insert(tx, 'a');
      await insert(tx, 'bad').catch(() => {});
    });
    await expect(swallowing).rejects.toThrow(/current transaction is aborted/);
    expect(await count(db(), `${SCHEMA}.charges`)).toBe(0);
    expect(await count(db(), TABLE)).toBe(0);
  });

  test('a value that JSON cannot hold takes the effect back', async () => {
    const effect = async (tx: Queryable) => {
      await insert(tx, 'a');
      return 1n;
    };
    await expect(once(store().transactional, charge('a'), effect)).rejects.toThrow(/BigInt/);
    expect(await count(db(), `${SCHEMA}.charges`)).toBe(0);
  });

  test('within the caller’s transaction, key and row wait for the caller’s commit', async () => {
    await open(async (tx) => {
      await once(within(tx), charge('a'), () => insert(tx, 'a').then(() => 'done'));
      expect(await once(within(tx), charge('a'), () => 'again')).toEqual({
        value: 'done',
        replayed: true,
      });
    });
    expect(await once(store(), charge('a'), () => 'again')).toEqual({ value: 'done', replayed: true });
  });

  test('within the caller’s transaction, a rollback takes key and row back', async () => {
    const rolledBack = open(async (tx) => {
      await once(within(tx), charge('a'), () => insert(tx, 'a').then(() => 'done'));
      throw new Error('the caller changed its mind');
    });
    await expect(rolledBack).rejects.toThrow('changed its mind');
    expect(await count(db(), `${SCHEMA}.charges`)).toBe(0);
    expect(await once(store(), charge('a'), () => 'first')).toEqual({ value: 'first', replayed: false });
  });

  test('within the caller’s transaction, an effect that fails leaves nothing, even if the caller commits', async () => {
    await open(async (tx) => {
      const failing = once(within(tx), charge('a'), async () => {
        await insert(tx, 'a');
        await insert(tx, 'bad');
      });
      await expect(failing).rejects.toThrow(/positive/);
      await insert(tx, 'the caller goes on');
    });
    expect(await count(db(), `${SCHEMA}.charges`)).toBe(1);
    expect(await count(db(), TABLE)).toBe(0);
  });

  test('a message and its effect are one transaction', async () => {
    const id = { consumer: 'ledger', messageId: 'm-1' };
    const deliver = () => consume(store().transactional, id, (tx) => insert(tx, 'm-1'));
    expect([await deliver(), await deliver()]).toEqual([{ replayed: false }, { replayed: true }]);
    expect(await count(db(), `${SCHEMA}.charges`)).toBe(1);
  });

  test('purge removes ended keys in batches and says how many', async () => {
    for (let n = 0; n < 7; n++)
      await store().claim(
        { scope: '["old"]', key: `${n}` },
        { fingerprint: undefined, lease: 1, lifetime: 1 },
      );
    await once(store(), charge('new'), () => 'new');
    await soon(() => purge(store(), 3)).toBe(7);
    expect(await count(db(), TABLE)).toBe(1);
  });
}

describe('PGlite', () => {
  const db = new PGlite();
  const store = pgliteStore(db, { table: TABLE });
  beforeAll(() => createTables(db).then(store.setup), 90_000);
  beforeEach(async () => void (await db.query(`truncate ${SCHEMA}.charges, ${TABLE}`)));
  afterAll(() => db.close());
  transactions(
    () => db,
    () => store,
    (tx) => store.within(tx),
    (work) => db.transaction(work),
  );
});

describe.runIf(await present('PostgreSQL', 5432))('PostgreSQL', () => {
  const pool = new Pool(POSTGRES);
  const store = postgresStore(pool, { table: TABLE });

  async function open<T>(work: (tx: PoolClient) => Promise<T>, begin = 'begin'): Promise<T> {
    const client = await pool.connect();
    try {
      await client.query(begin);
      const value = await work(client);
      await client.query('commit');
      return value;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  beforeAll(() => createTables(pool).then(store.setup));
  beforeEach(async () => void (await pool.query(`truncate ${SCHEMA}.charges, ${TABLE}`)));
  afterAll(async () => {
    await pool.query(`drop schema ${SCHEMA} cascade`);
    await pool.end();
  });

  transactions(
    () => pool,
    () => store,
    (tx) => store.within(tx as PoolClient),
    open,
  );

  test('a duplicate does not wait for the open transaction: it is told at once, and runs nothing', async () => {
    await once(store.transactional, charge('a'), async (tx) => {
      await insert(tx, 'a');
      for (const duplicate of [store, store.transactional]) {
        const second = once(duplicate, charge('a'), () => expect.unreachable('the effect ran'));
        await expect(second).rejects.toMatchObject({ name: 'InProgressError', retryAfter: 1_000 });
      }
    });
    expect(await count(pool, `${SCHEMA}.charges`)).toBe(1);
  });

  test('another fingerprint is in progress until the transaction is committed, and a reused key from then on', async () => {
    const says = (fingerprint: string) => ({ ...charge('a'), fingerprint });
    const other = () => once(store.transactional, says('other'), () => expect.unreachable('the effect ran'));
    await once(store.transactional, says('mine'), async () => {
      await expect(other()).rejects.toMatchObject({ name: 'InProgressError' });
    });
    await expect(other()).rejects.toMatchObject({ name: 'KeyReusedError' });
  });

  test('under a lease another fingerprint is a reused key at once', async () => {
    const says = (fingerprint: string) => ({ ...charge('a'), fingerprint });
    await once(store, says('mine'), async () => {
      const other = once(store, says('other'), () => expect.unreachable('the effect ran'));
      await expect(other).rejects.toMatchObject({ name: 'KeyReusedError' });
    });
  });

  test('a key that is being taken over in an open transaction is in progress, without waiting', async () => {
    const identity = { scope: '["charge","acme"]', key: 'a' };
    await store.claim(identity, { fingerprint: undefined, lease: 1, lifetime: 60_000 });
    await soon(
      async () => (await pool.query(`select 1 from ${TABLE} where lease_until < now()`)).rowCount,
    ).toBe(1);
    await once(store.transactional, charge('a'), async () => {
      for (const duplicate of [store, store.transactional]) {
        const second = once(duplicate, charge('a'), () => expect.unreachable('the effect ran'));
        await expect(second).rejects.toMatchObject({ name: 'InProgressError' });
      }
    });
  });

  test('a transaction that began before the other’s commit sees the stored result, and runs nothing', async () => {
    await open(async (tx) => {
      await tx.query('select 1');
      await once(store.transactional, charge('a'), () => 'first');
      expect(await once(store.within(tx), charge('a'), () => 'second')).toEqual({
        value: 'first',
        replayed: true,
      });
    });
  });

  test('under repeatable read such a transaction fails, instead of running the effect', async () => {
    const failing = open(async (tx) => {
      await tx.query('select 1 from pg_class limit 1');
      await once(store.transactional, charge('a'), () => 'first');
      await once(store.within(tx), charge('a'), () => expect.unreachable('the effect ran'));
    }, 'begin isolation level repeatable read');
    await expect(failing).rejects.toMatchObject({ code: '40001' });
  });

  test('a connection that dies during the effect takes everything back, and not the process with it', async () => {
    const dying = once(store.transactional, charge('a'), async (tx) => {
      await insert(tx, 'a');
      const { rows } = await tx.query('select pg_backend_pid() as pid');
      await pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
      await soon(
        async () =>
          (await pool.query('select 1 from pg_stat_activity where pid = $1', [rows[0].pid])).rowCount,
      ).toBe(0);
      return 'done';
    });
    // By the server's word, or by the socket's, whichever comes first.
    await expect(dying).rejects.toThrow(/connection|ECONNRESET/i);
    expect(await count(pool, `${SCHEMA}.charges`)).toBe(0);
    expect(await once(store.transactional, charge('a'), () => 'second')).toEqual({
      value: 'second',
      replayed: false,
    });
    expect(pool.waitingCount).toBe(0);
  });

  test('an error at the commit itself is the caller’s, and nothing is left', async () => {
    await pool.query(`create table ${SCHEMA}.deferred (n int unique deferrable initially deferred)`);
    const failing = once(store.transactional, charge('a'), async (tx) => {
      await tx.query(`insert into ${SCHEMA}.deferred values (1), (1)`);
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect(await count(pool, TABLE)).toBe(0);
  });

  test('transactions that take the same keys in another order do not deadlock', async () => {
    const both = (first: string, second: string) =>
      once(store.transactional, charge(first), async (tx) => {
        await once(store.within(tx), charge(second), () => insert(tx, second));
      });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? both('a', 'b') : both('b', 'a'))),
    );
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'InProgressError' });
    expect(await count(pool, `${SCHEMA}.charges`)).toBeLessThanOrEqual(2);
  });

  test('the clock of the machine plays no part', async () => {
    const { now } = Date;
    try {
      Date.now = () => now() - 3_600_000;
      void (await store.claim(
        { scope: '[]', key: 'skewed' },
        { fingerprint: undefined, lease: 60_000, lifetime: 60_000 },
      ));
      Date.now = () => now() + 3_600_000;
      const claim = await store.claim(
        { scope: '[]', key: 'skewed' },
        { fingerprint: undefined, lease: 60_000, lifetime: 60_000 },
      );
      expect(claim.state).toBe('running');
    } finally {
      Date.now = now;
    }
  });

  test('statements are prepared for each connection, unless that is switched off', async () => {
    const preparedBy = async (prepare: boolean) => {
      const one = new Pool({ ...POSTGRES, max: 1 });
      await once(postgresStore(one, { table: TABLE, prepare }), charge(`prepare: ${prepare}`), () => 1);
      const { rows } = await one.query("select 1 from pg_prepared_statements where name like 'steadfetch%'");
      await one.end();
      return rows.length;
    };
    expect([await preparedBy(true), await preparedBy(false)]).toEqual([2, 0]);
  });

  test('openPostgres brings its own pool and schema', async () => {
    const { host, port, user, database } = POSTGRES;
    const own = await openPostgres(`postgres://${user}@${host}:${port}/${database}`, {
      table: `${SCHEMA}.own`,
    });
    expect(await once(own.transactional, charge('a'), () => 1)).toEqual({ value: 1, replayed: false });
    await own.close();
  });
});
