import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POSTGRES, present } from '../once/servers.ts';
import { type Receiver, receiver, status } from '../outbox/receiver.ts';

describe.runIf(await present('PostgreSQL', POSTGRES.port))('the DBOS recipe', () => {
  const name = `steadfetch_dbos_${process.pid}`;
  const database = `postgres://${POSTGRES.user}@${POSTGRES.host}:${POSTGRES.port}/${name}`;
  const pool = new Pool(POSTGRES);
  let service: Receiver;

  beforeAll(async () => {
    await pool.query(`drop database if exists ${name}`);
    service = await receiver();
  });
  afterAll(async () => {
    await service.close();
    await pool.query(`drop database if exists ${name} with (force)`);
    await pool.end();
  });

  async function run(id: string, dieAfter = '') {
    const file = fileURLToPath(new URL('dbos-process.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', file, database, service.url, id, dieAfter]);
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once('exit', (_code, signal) => resolve(signal)),
    );
    return { out: await text(child.stdout), error: await text(child.stderr), signal: await ended };
  }

  test('a step whose process is killed is run again under the same key, and has one effect', {
    timeout: 120_000,
  }, async () => {
    expect(await run('order-1', '/charge')).toMatchObject({ signal: 'SIGKILL' });
    expect(await run('order-1')).toMatchObject({ signal: null, out: expect.stringContaining('booked') });
    expect(service.arrivals.map(({ path }) => path)).toEqual(['/hotel', '/charge', '/charge']);
    const [, one, two] = service.arrivals;
    expect(two?.key).toBe(one?.key);
    expect(service.effects.length).toBe(2);
  });

  test('a final refusal takes the workflow back', { timeout: 120_000 }, async () => {
    const before = service.arrivals.length;
    service.reply = (arrival, response) =>
      (arrival.path === '/charge' ? status(402) : status(200))(arrival, response);
    expect(await run('order-2')).toMatchObject({ out: expect.stringContaining('taken back') });
    expect(service.arrivals.slice(before).map(({ path }) => path)).toEqual([
      '/hotel',
      '/charge',
      '/hotel-undo',
    ]);
  });
});
