import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { run } from '../../src/outbox/cli.ts';
import { type Call, openOutbox } from '../../src/outbox/index.ts';
import { POSTGRES, present, schemaOf } from '../once/servers.ts';
import { type Receiver, receiver, status } from './receiver.ts';

const isPostgres = await present('PostgreSQL', POSTGRES.port);

describe('steadfetch outbox', () => {
  const schema = schemaOf('cli');
  /** Opening a folder takes PGlite seconds: it is used where there is nothing else. */
  let database: string;
  let service: Receiver;
  const calls: Call[] = [];
  const idOf = (n: number) => calls[n]?.id ?? '';

  async function cli(...argv: string[]) {
    let [out, error] = ['', ''];
    const code = await run(['outbox', ...argv, '--database', database, '--schema', schema], {
      env: {},
      out: (text) => {
        out += text;
      },
      error: (text) => {
        error += text;
      },
    });
    return { code, out, error };
  }
  const openHere = () =>
    openOutbox(database, { schema, fetch: createFetch({ retry: false, breaker: false }) });

  beforeAll(async () => {
    database = isPostgres
      ? `postgres://${POSTGRES.user}@${POSTGRES.host}:${POSTGRES.port}/${POSTGRES.database}`
      : await mkdtemp(join(tmpdir(), 'steadfetch-'));
    service = await receiver();
    service.reply = status(401);
    const outbox = await openHere();
    for (let n = 0; n < 4; n += 1) {
      const init = { method: 'POST', body: `{"n":${n}}`, idempotencyKey: `key-${n}` };
      calls.push(await outbox.transaction((tx) => outbox.add(tx, `${service.url}/charges?customer=7`, init)));
    }
    for (const call of calls.slice(0, 3)) await outbox.now(call);
    await outbox.close();
  }, 120_000);
  afterAll(async () => {
    await service.close();
    if (!isPostgres) return await rm(database, { recursive: true, force: true });
    const pool = new Pool(POSTGRES);
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  });

  test('ls shows the dead letters, without their queries', async () => {
    const { code, out } = await cli('ls');
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual(
      [0, 1, 2].map((n) =>
        expect.stringMatching(
          new RegExp(
            `^${idOf(n)}  refused  .*POST  ${service.url}/charges  final-status 401  1 try  answered$`,
          ),
        ),
      ),
    );
    expect(out).toContain('3 dead letters');
    expect(out).not.toContain('customer');
  }, 30_000);

  test('ls --waiting shows what is still to be sent; --json for programs', async () => {
    const { out } = await cli('ls', '--waiting', '--json');
    expect(JSON.parse(out)).toMatchObject({ id: idOf(3), state: 'waiting', idempotencyKey: 'key-3' });
  }, 30_000);

  test('show tells all of one call, its body only if asked', async () => {
    const { out } = await cli('show', idOf(0));
    expect(JSON.parse(out)).toMatchObject({
      id: idOf(0),
      state: 'refused',
      last: { status: 401 },
      headers: [['content-type', 'text/plain;charset=UTF-8']],
    });
    expect(out).not.toContain('"n"');
    expect(JSON.parse((await cli('show', idOf(0), '--body')).out).body).toEqual({ text: '{"n":0}' });
    expect(await cli('show', idOf(0).replace(/^.{8}/, '00000000'))).toMatchObject({
      code: 1,
      error: expect.stringContaining('there is no call'),
    });
  }, 30_000);

  test.each(['show', 'replay', 'discard'])(
    '%s of what is no id says that there is no such call',
    async (kind) => {
      expect(await cli(kind, 'nope')).toEqual({ code: 1, out: '', error: 'there is no call nope\n' });
    },
    30_000,
  );

  test('one is one: its noun is singular', async () => {
    expect((await cli('ls', '--limit', '1')).out).toMatch(/\n1 dead letter\n$/);
    expect((await cli('ls', '--waiting')).out).toMatch(/\n1 call waiting\n$/);
  }, 30_000);

  test('replay sends the call again under the same key; discard forgets it', async () => {
    expect(await cli('replay', idOf(0))).toMatchObject({
      code: 0,
      out: `${idOf(0)} is in the queue again\n`,
    });
    expect(await cli('discard', idOf(1))).toMatchObject({ code: 0 });
    expect(await cli('replay', idOf(1))).toMatchObject({
      code: 1,
      error: expect.stringContaining('no call'),
    });
    expect(await cli('replay', '--all')).toMatchObject({
      code: 0,
      out: `${idOf(2)} is in the queue again\n`,
    });
    service.reply = undefined;
    const outbox = await openHere();
    for (const n of [0, 2, 3]) expect(await outbox.now(calls[n] as Call)).toMatchObject({ outcome: 'done' });
    await outbox.close();
    expect(service.effects).toEqual(['key-0', 'key-2', 'key-3']);
  }, 30_000);

  test.runIf(isPostgres)(
    'a database without an outbox is said to have none, and stays as it is',
    async () => {
      const none = run(['outbox', 'ls', '--database', database, '--schema', `${schema}_none`], {
        env: {},
        out() {},
        error() {},
      });
      await expect(none).rejects.toThrow(`There is no outbox in this database (schema ${schema}_none)`);
      const pool = new Pool(POSTGRES);
      const { rows } = await pool.query('select 1 from pg_namespace where nspname = $1', [`${schema}_none`]);
      await pool.end();
      expect(rows).toEqual([]);
    },
  );

  test('says what is wrong with the command line', async () => {
    await expect(cli('lss')).rejects.toThrow('the commands are ls, show, replay, discard');
    await expect(cli('show')).rejects.toThrow('show needs the id of a call');
    await expect(cli('ls', '--limit', 'x')).rejects.toThrow('--limit must be a whole number');
    await expect(run(['outbox', 'ls'], { env: {}, out() {}, error() {} })).rejects.toThrow(
      'say which database',
    );
  });
});
