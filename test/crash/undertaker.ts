import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Pool } from 'pg';
import { POSTGRES, present, schemaOf } from '../once/servers.ts';
import type { Task } from './victim.ts';

/** For each point at which processes are killed. `npm run crash:outbox` asks for 1,000. */
export const KEYS = Number(process.env.CRASH_KEYS ?? 6);
/** A killed process costs seconds, with PGlite more: `npm test` has some of the points, the command has all. */
export const isWhole = process.env.CRASH_KEYS !== undefined;
/** So many die together. The fewer processes, the sooner it is over: PGlite takes seconds to open. */
const BATCH = 250;

export const batchesOf = (names: readonly string[], size = BATCH): string[][] =>
  Array.from({ length: Math.ceil(names.length / size) }, (_, n) => names.slice(n * size, (n + 1) * size));

/** Where victims keep what they owe, and how their survivor gets there. */
export const PLACES = [
  {
    name: 'PostgreSQL',
    there: await present('PostgreSQL', POSTGRES.port),
    // It is the clients that are killed, not the server: so it need not wait for its disk.
    database: () =>
      `postgres://${POSTGRES.user}@${POSTGRES.host}:${POSTGRES.port}/${POSTGRES.database}?options=-c%20synchronous_commit%3Doff`,
    bury: async (_database: string, schema: string) => {
      const pool = new Pool(POSTGRES);
      await pool.query(`drop schema ${schema} cascade`);
      await pool.end();
    },
  },
  {
    name: 'PGlite',
    there: true,
    database: () => mkdtempSync(join(tmpdir(), 'steadfetch-crash-')),
    bury: async (database: string, _schema: string) => rmSync(database, { recursive: true, force: true }),
  },
] as const;

export const schemaFor = (of: string) => schemaOf(`crash_${of}`);

const OUT = fileURLToPath(new URL('../../node_modules/.cache/steadfetch-crash/victim.mjs', import.meta.url));
let built: Promise<unknown> | undefined;

/** Runs a victim to its end. @returns how it ended, and what it complained of */
export async function kill(task: Task): Promise<{ signal: NodeJS.Signals | null; complaint: string }> {
  built ??= build({
    entryPoints: [fileURLToPath(new URL('victim.ts', import.meta.url))],
    outfile: OUT,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // What package.json says of side effects is about what is published.
    ignoreAnnotations: true,
    logLevel: 'error',
  });
  await built;
  const child = spawn(process.execPath, [OUT, JSON.stringify(task)], {
    env: { ...process.env, STEADFETCH_CRASH: 'victim' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_code, signal) => resolve(signal)),
  );
  return { complaint: await text(child.stderr), signal: await ended };
}
