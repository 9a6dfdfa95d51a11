import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schemaSql } from '../../src/once/stores/schema.ts';
import { POSTGRES, present, schemaOf } from '../once/servers.ts';
import { type Answer, KILL_POINTS, type KillPoint, type Mode, type Task } from './worker.ts';

/** For each kill point. `npm run crash` asks for 1,000. */
const KEYS = Number(process.env.CRASH_KEYS ?? 8);
const BATCH = 20;
const PROCESSES = 4;
const HOUR = 3_600_000;
const SCHEMA = schemaOf('crash');
const LEASE = 3_000;
const OUT = fileURLToPath(new URL('../../node_modules/.cache/steadfetch-crash', import.meta.url));

const keysOf = (point: KillPoint) => Array.from({ length: KEYS }, (_, n) => `${point} ${n}`);
const batches = (keys: string[]) =>
  Array.from({ length: Math.ceil(keys.length / BATCH) }, (_, n) => keys.slice(n * BATCH, (n + 1) * BATCH));
/** The same keys from another start, so that every process wins some races. */
const rotated = (keys: string[], n: number) => {
  const cut = Math.floor((keys.length * n) / PROCESSES);
  return [...keys.slice(cut), ...keys.slice(0, cut)];
};

describe.runIf(await present('PostgreSQL', POSTGRES.port))('processes that are killed', () => {
  const pool = new Pool(POSTGRES);

  beforeAll(async () => {
    // The processes run plain JavaScript, as an application would.
    const tsc = createRequire(import.meta.url)
      .resolve('typescript/package.json')
      .replace('package.json', 'bin/tsc');
    await promisify(execFile)(process.execPath, [
      tsc,
      '-p',
      fileURLToPath(new URL('tsconfig.json', import.meta.url)),
    ]);
    mkdirSync(OUT, { recursive: true });
    writeFileSync(join(OUT, 'package.json'), '{"type":"module"}');
    await pool.query(`drop schema if exists ${SCHEMA} cascade`);
    await pool.query(`create schema ${SCHEMA}`);
    await pool.query(schemaSql(`${SCHEMA}.once`));
    // The witnesses, which steadfetch knows nothing of: one row for each effect, and one for each lease.
    await pool.query(`create table ${SCHEMA}.ledger (
      id bigserial primary key, mode text, key text, token bigint, unique (mode, key, token))`);
    await pool.query(`create table ${SCHEMA}.leases (
      key text, token bigint, at timestamptz default statement_timestamp())`);
    await pool.query(`create function ${SCHEMA}.note() returns trigger language plpgsql as $$ begin
      insert into ${SCHEMA}.leases (key, token) values (new.key, new.token); return null; end $$`);
    await pool.query(`create trigger note after insert or update of token on ${SCHEMA}.once
      for each row execute function ${SCHEMA}.note()`);
  }, 60_000);
  afterAll(async () => {
    await pool.query(`drop schema if exists ${SCHEMA} cascade`);
    await pool.end();
  });

  /** Four processes on the same keys, each with a clock that is wrong in its own way. */
  async function race(mode: Mode, keys: string[], killAt?: KillPoint) {
    const processes = Array.from({ length: PROCESSES }, async (_, n) => {
      const task: Task = {
        mode,
        schema: SCHEMA,
        keys: rotated(keys, n),
        skew: (n - 1) * HOUR,
        lease: LEASE,
        connection: POSTGRES,
        ...(killAt !== undefined && { killAt }),
      };
      const child = spawn(process.execPath, [join(OUT, 'test/crash/worker.js'), JSON.stringify(task)], {
        env: { ...process.env, STEADFETCH_CRASH: 'worker' },
      });
      const exit = new Promise<[number | null, string | null]>((resolve) => {
        child.on('exit', (code, signal) => resolve([code, signal]));
      });
      const [output, fault] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return {
        exit: await exit,
        fault,
        answers: output
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Answer),
      };
    });
    return Promise.all(processes);
  }

  /** Kills at every point, lets four more processes finish the work, and returns what each of them answered. */
  async function killAndRecover(mode: Mode) {
    for (const point of KILL_POINTS)
      for (const keys of batches(keysOf(point)))
        for (const { exit, fault } of await race(mode, keys, point))
          expect([...exit, fault]).toEqual([null, 'SIGKILL', '']);
    const survivors = await race(mode, KILL_POINTS.flatMap(keysOf));
    for (const { exit, fault, answers } of survivors) {
      expect([...exit, fault]).toEqual([0, null, '']);
      expect(answers.length).toBe(KILL_POINTS.length * KEYS);
    }
    return survivors.map(({ answers }) => new Map(answers.map(({ key, value }) => [key, value])));
  }

  async function ledger(mode: Mode) {
    const { rows } = await pool.query<{ id: string; key: string; token: string | null }>(
      `select id, key, token from ${SCHEMA}.ledger where mode = $1 order by id`,
      [mode],
    );
    return rows;
  }

  const LIMIT = 60_000 + KEYS * 1_000;

  test('in a transaction leave exactly one effect for each key, and every caller gets its answer', {
    timeout: LIMIT,
  }, async () => {
    const survivors = await killAndRecover('transaction');
    const effects = await ledger('transaction');
    expect(effects.map(({ key }) => key).sort()).toEqual(KILL_POINTS.flatMap(keysOf).sort());
    for (const answers of survivors) for (const { id, key } of effects) expect(answers.get(key)).toBe(id);
  });

  test('under a lease leave at most one effect for each lease, and every caller gets the same answer', {
    timeout: LIMIT,
  }, async () => {
    await pool.query(`truncate ${SCHEMA}.leases`);
    const survivors = await killAndRecover('lease');
    const effects = await ledger('lease');
    const [first] = survivors;
    for (const answers of survivors) expect(answers).toEqual(first);

    // The ledger's unique index has refused a second effect under one token; here, that each token was a lease.
    const leases = await pool.query<{ key: string; token: string; since: number | null }>(
      `select key, token, (extract(epoch from at - lag(at) over (partition by key order by at)) * 1000)::float8 as since
       from ${SCHEMA}.leases`,
    );
    const granted = new Set(leases.rows.map(({ key, token }) => `${key} ${token}`));
    for (const { key, token } of effects) expect(granted).toContain(`${key} ${token}`);
    // A lease begins no earlier than the one before it ended, whatever the clocks of the processes say.
    for (const { since } of leases.rows) if (since !== null) expect(since).toBeGreaterThanOrEqual(LEASE);

    for (const point of KILL_POINTS) {
      const repeated = point === 'in-effect' || point === 'before-complete';
      for (const key of keysOf(point)) {
        const ids = effects.filter((effect) => effect.key === key).map(({ id }) => id);
        expect([key, ids.length]).toEqual([key, repeated ? expect.toSatisfy((n: number) => n >= 1) : 1]);
        expect(ids).toContain(first?.get(key));
      }
    }
  });
});
