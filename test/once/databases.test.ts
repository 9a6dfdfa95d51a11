import { PGlite } from '@electric-sql/pglite';
import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { once, type TransactionalStore } from '../../src/once/index.ts';
import { mysqlStore } from '../../src/once/stores/mysql.ts';
import { pgliteStore } from '../../src/once/stores/pglite.ts';
import { sqliteStore } from '../../src/once/stores/sqlite.ts';
import { present, schemaOf } from './servers.ts';

const charge = { scope: { operation: 'charge', tenant: 'acme' }, key: 'a' };
const canOpen = () => {
  try {
    return new Database(':memory:') !== undefined;
  } catch {
    return false;
  }
};

interface Setting {
  readonly store: TransactionalStore<unknown>;
  /** Sends this text as a statement. */
  send(tx: unknown, text: string): unknown;
  insert(tx: unknown): Promise<unknown>;
  count(): Promise<number>;
}

/** What a transactional store promises for rows of your own. */
function transactions({ store, send, insert, count }: Setting) {
  test('row and key are committed together, and a repeat writes nothing', async () => {
    for (const replayed of [false, true])
      expect(await once(store, charge, (tx) => insert(tx).then(() => 'done'))).toEqual({
        value: 'done',
        replayed,
      });
    expect(await count()).toBe(1);
  });

  test('an effect that throws leaves neither', async () => {
    const failing = once(store, charge, (tx) => insert(tx).then(() => Promise.reject(new Error('declined'))));
    await expect(failing).rejects.toThrow('declined');
    expect(await count()).toBe(0);
    expect(await once(store, charge, () => 'second')).toMatchObject({ replayed: false });
  });

  test.each([
    'begin',
    ' COMMIT',
    '/* mine */ rollback',
    '-- mine\nend',
    'set autocommit = 1',
    'select 1; commit',
  ])('%j is refused: it would end the transaction that holds the key', async (text) => {
    const failing = once(store, charge, async (tx) => {
      await insert(tx);
      await send(tx, text);
    });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_STEADFETCH_NESTED_TRANSACTION' });
    expect(await count()).toBe(0);
    expect(await once(store, charge, () => 'second')).toMatchObject({ replayed: false });
  });

  test('a savepoint is no transaction, and may be used', async () => {
    await once(store, charge, async (tx) => {
      await send(tx, 'savepoint mine');
      await insert(tx);
      await send(tx, 'rollback to mine');
      await insert(tx);
      return 'done';
    });
    expect(await count()).toBe(1);
  });

  test('a statement that comes after the end is refused', async () => {
    let late: unknown;
    await once(store, charge, (tx) => {
      late = tx;
    });
    await expect((async () => insert(late))()).rejects.toMatchObject({
      code: 'ERR_STEADFETCH_TRANSACTION_ENDED',
    });
    expect(await count()).toBe(0);
  });
}

describe.runIf(await present('MariaDB', 3306))('MariaDB', () => {
  const schema = schemaOf('rows');
  const pool = mysql.createPool({ host: '127.0.0.1', user: 'root', connectionLimit: 3 });
  const store = mysqlStore(pool, { table: `${schema}.once` });
  const insert = (tx: unknown) =>
    (tx as mysql.Connection).query(`insert into ${schema}.charges values ('a')`);
  const count = async () => {
    const [rows] = await pool.query<mysql.RowDataPacket[]>(`select count(*) as n from ${schema}.charges`);
    return Number(rows[0]?.n);
  };
  beforeAll(async () => {
    await pool.query(`create database ${schema}`);
    await pool.query(`create table ${schema}.charges (k varchar(255))`);
    await store.setup();
  });
  beforeEach(async () => {
    await pool.query(`delete from ${schema}.charges`);
    await pool.query(`delete from ${schema}.once`);
  });
  afterAll(async () => {
    await pool.query(`drop database ${schema}`);
    await pool.end();
  });
  const send = (tx: unknown, text: string) => (tx as mysql.Connection).query(text);
  transactions({ store: store.transactional, send, insert, count });

  test.each(['create table if not exists x (a int)', 'truncate table charges', 'lock tables charges write'])(
    '%j is refused, because it would commit the rows before the end',
    async (text) => {
      const failing = once(store.transactional, charge, async (tx) => {
        await insert(tx);
        await send(tx, text);
      });
      await expect(failing).rejects.toMatchObject({ code: 'ERR_STEADFETCH_NESTED_TRANSACTION' });
      expect(await count()).toBe(0);
      expect(await once(store.transactional, charge, () => 'second')).toMatchObject({ replayed: false });
    },
  );

  test.each<[option: string, options: mysql.PoolOptions]>([
    ['rowsAsArray', { rowsAsArray: true }],
    ['nestTables', { nestTables: '_' }],
    ['typeCast', { typeCast: (field) => field.string() }],
  ])('keys are kept whatever form of rows the pool has: %s', async (_option, options) => {
    const other = mysql.createPool({ host: '127.0.0.1', user: 'root', connectionLimit: 1, ...options });
    const { transactional, ...lease } = mysqlStore(other, { table: `${schema}.once` });
    for (const [key, kind] of [
      ['lease', lease],
      ['transaction', transactional],
    ] as const)
      for (const replayed of [false, true])
        expect(await once(kind as typeof lease, { ...charge, key }, () => 'done')).toEqual({
          value: 'done',
          replayed,
        });
    await other.end();
  });

  test('a key is a value in every sql_mode, whatever quotes and backslashes it has', async () => {
    const other = mysql.createPool({ host: '127.0.0.1', user: 'root', connectionLimit: 1 });
    await other.query("set session sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'");
    const kept = mysqlStore(other, { table: `${schema}.once` });
    const id = { ...charge, key: `it's \\' "or" \\`, fingerprint: `'\\` };
    for (const replayed of [false, true])
      expect(await once(kept, id, () => 'done')).toEqual({ value: 'done', replayed });
    const [rows] = await pool.query<mysql.RowDataPacket[]>(`select \`key\`, fingerprint from ${schema}.once`);
    expect(rows).toEqual([{ key: id.key, fingerprint: id.fingerprint }]);
    await other.end();
  });

  test('a duplicate does not wait for the open transaction: it is told at once', async () => {
    await once(store.transactional, charge, async () => {
      for (const duplicate of [store, store.transactional]) {
        const second = once(duplicate as typeof store, charge, () => expect.unreachable('the effect ran'));
        await expect(second).rejects.toMatchObject({ name: 'InProgressError' });
      }
    });
  });

  test('an effect that goes on after a deadlock, which rolled everything back, is told so, and nothing is committed', async () => {
    await pool.query(`create table ${schema}.accounts (id int primary key) as select 1 as id union select 2`);
    const lock = (id: number) => `select id from ${schema}.accounts where id = ${id} for update`;
    const other = await pool.getConnection();
    await other.beginTransaction();
    // It has written more, so it is not the one that the database gives up.
    await other.query(`insert into ${schema}.charges values ${"('other'),".repeat(500)} ('other')`);
    await other.query(lock(2));
    const swallowing = once(store.transactional, charge, async (tx) => {
      await tx.query(lock(1));
      const ended = await Promise.allSettled([other.query(lock(1)), tx.query(lock(2))]);
      expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      await insert(tx);
    });
    await expect(swallowing).rejects.toMatchObject({ name: 'TransactionAbortedError' });
    await other.rollback();
    other.release();
    expect(await count()).toBe(0);
    expect((await pool.query('select @@autocommit as it'))[0]).toEqual([{ it: 1 }]);
  });

  test('a connection that an effect gives back stays with its transaction until the end', async () => {
    const single = mysql.createPool({ host: '127.0.0.1', user: 'root', connectionLimit: 1 });
    const { transactional } = mysqlStore(single, { table: `${schema}.once` });
    const first = once(transactional, charge, async (tx) => {
      await insert(tx);
      tx.release();
      await insert(tx);
    });
    const second = once(transactional, { ...charge, key: 'b' }, async (tx) => {
      await insert(tx);
      throw new Error('declined');
    });
    await first;
    await expect(second).rejects.toThrow('declined');
    await single.end();
    expect(await count()).toBe(2);
  });

  test('within a transaction that is open, an effect within another has a savepoint of its own', async () => {
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    const inner = () => once(store.within(connection), { ...charge, key: 'inner' }, insert);
    await once(store.within(connection), charge, inner);
    await connection.commit();
    connection.release();
    expect(await count()).toBe(1);
  });

  test('within a transaction that is open, key and row wait for its commit', async () => {
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await once(store.within(connection), charge, (tx) => insert(tx).then(() => 'done'));
    await connection.rollback();
    expect(await count()).toBe(0);
    await connection.beginTransaction();
    await once(store.within(connection), charge, (tx) => insert(tx).then(() => 'done'));
    await connection.commit();
    connection.release();
    expect(await once(store, charge, () => 'again')).toEqual({ value: 'done', replayed: true });
    expect(await count()).toBe(1);
  });
});

describe.runIf(canOpen())('SQLite', () => {
  const db = canOpen() ? new Database(':memory:') : (undefined as never);
  const store = canOpen() ? sqliteStore(db) : (undefined as never);
  const insert = async (tx: unknown) =>
    void (tx as typeof db).prepare(`insert into charges values ('a')`).run();
  beforeAll(async () => {
    db.exec('create table charges (k text)');
    await store.setup();
  });
  beforeEach(() => void db.exec('delete from charges; delete from steadfetch_once'));
  const count = async () => (db.prepare('select count(*) as n from charges').get() as { n: number }).n;
  const send = async (tx: unknown, text: string) => void (tx as typeof db).exec(text);
  transactions({ store: store?.transactional, send, insert, count });

  test('within a transaction that is open, key and row wait for its commit', async () => {
    db.exec('begin');
    await once(store.within(db), charge, (tx) => insert(tx).then(() => 'done'));
    db.exec('rollback');
    expect(await count()).toBe(0);
    db.exec('begin');
    await once(store.within(db), charge, (tx) => insert(tx).then(() => 'done'));
    db.exec('commit');
    expect(await once(store, charge, () => 'again')).toEqual({ value: 'done', replayed: true });
  });

  test('a key of the same database inside an effect is an error: it would wait for itself', async () => {
    for (const inner of [store, store.transactional]) {
      const waiting = once(store.transactional, charge, () =>
        once(inner as typeof store, { ...charge, key: 'inner' }, () => expect.unreachable('the effect ran')),
      );
      await expect(waiting).rejects.toThrow('join (once: by store.within(tx))');
    }
    const joined = once(store.transactional, charge, (tx) =>
      once(store.within(tx), { ...charge, key: 'inner' }, () => 'inner'),
    );
    expect((await joined).value).toEqual({ value: 'inner', replayed: false });
  });
});

test('PGlite: a key of the same database inside an effect is an error, and one after it is not', async () => {
  const db = new PGlite();
  const store = pgliteStore(db);
  await store.setup();
  let after: Promise<unknown> | undefined;
  for (const inner of [store, store.transactional]) {
    const waiting = once(store.transactional, charge, () =>
      once(inner as typeof store, { ...charge, key: 'inner' }, () => expect.unreachable('the effect ran')),
    );
    await expect(waiting).rejects.toThrow('join (once: by store.within(tx))');
  }
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  await once(store.transactional, charge, () => {
    after = ended.then(() => once(store.transactional, { ...charge, key: 'after' }, () => 'after'));
  });
  end();
  expect(await after).toEqual({ value: 'after', replayed: false });
  await db.close();
}, 60_000);
