import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadDriver } from '../../src/once/stores/driver.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
const RECEIVING = ['once', 'server', 'testing'];
/** Built on both sides. */
const DURABLE = ['outbox', 'saga'];
const DRIVERS = [
  'pg',
  'pg-boss',
  '@electric-sql/pglite',
  'ioredis',
  'redis',
  'express',
  'fastify',
  'hono',
  'drizzle-orm',
  'kysely',
  'mysql2',
  'better-sqlite3',
  'koa',
];

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const roomOf = (file: string) => file.split(sep)[0] ?? '';

/** What a file loads when it is loaded: neither types nor what it imports later, on demand. */
function imports(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm);
  return [...statements].map(([, name]) =>
    name?.startsWith('.') ? relative(SRC, join(SRC, dirname(file), name)) : `${name}`,
  );
}

/** Everything that loading a file brings with it. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  for (const name of imports(file)) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (name.endsWith('.ts')) reach(name, seen);
  }
  return seen;
}

describe('the import graph', () => {
  test('is read rightly: it knows what the server needs', () => {
    const needed = reach(join('server', 'index.ts'));
    expect(needed).toContain(join('once', 'claim-and-run.ts'));
    expect(needed).toContain('node:crypto');
  });

  test('the client imports nothing of the receiving side', () => {
    const client = files.filter((file) => ![...RECEIVING, ...DURABLE, 'lab'].includes(roomOf(file)));
    expect(client.length).toBeGreaterThan(5);
    for (const file of client)
      expect([...reach(file)].filter((name) => RECEIVING.includes(roomOf(name)))).toEqual([]);
  });

  test('neither side imports anything of the outbox or of sagas', () => {
    for (const file of files.filter((name) => !DURABLE.includes(roomOf(name))))
      expect([...reach(file)].filter((name) => DURABLE.includes(roomOf(name)))).toEqual([]);
  });

  test('the receiving side imports nothing of the client but the validator of options, and no package at all', () => {
    const bridge = join('once', 'checks.ts');
    // The code of an error is read in the same way on both sides.
    const isShared = (name: string) => name.startsWith('node:') || name === join('model', 'cause.ts');
    const isOutside = (name: string) => !RECEIVING.includes(roomOf(name)) && !isShared(name);
    const validator = [...reach(bridge)].filter(isOutside);
    // Checks, guesses, translations and the error: were there more, a server would load the client.
    const allowed = ['checks.ts', 'errors.ts', 'suggest.ts', 'translation.ts'];
    expect(validator.map((file) => basename(file)).sort()).toEqual(allowed);
    // A deadline that came with a request goes along with the calls that its handler makes.
    const deadline = join('server', 'deadline.ts');
    const context = [...reach(deadline)].filter((name) => isOutside(name) && !validator.includes(name));
    expect(context.sort()).toEqual([
      join('call', 'layer.ts'),
      join('http', 'time-left.ts'),
      join('platform', 'async-context.ts'),
      join('platform', 'runtime.ts'),
    ]);
    // Faults are for the client's users: they check their options themselves, and speak undici's handler languages.
    const faults = [...reach(join('testing', 'faults.ts'))].filter(isOutside);
    const isFaulty = (name: string) => name.startsWith(join('testing', 'faults'));
    for (const file of files.filter((name) => RECEIVING.includes(roomOf(name)))) {
      const known = [...validator, ...context, ...(roomOf(file) === 'testing' ? faults : [])];
      const outside = [...reach(file)].filter((name) => isOutside(name) && !known.includes(name));
      expect({ file, outside }).toEqual({ file, outside: [] });
      // A table of translations has the validator's type.
      if (![bridge, deadline, join('once', 'translations.ts')].includes(file) && !isFaulty(file))
        expect(imports(file).filter(isOutside)).toEqual([]);
    }
  });
});

describe('a driver', () => {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(SRC, '..', 'package.json'), 'utf8'),
  );

  test.each(DRIVERS.filter((name) => name !== 'express'))('%s is an optional peer', (name) => {
    expect(peerDependencies).toHaveProperty([name]);
    expect(peerDependenciesMeta[name]).toEqual({ optional: true });
  });

  test('that is not installed is named, with the command that installs it', async () => {
    const missing = '@steadfetch/not-installed';
    await expect(loadDriver(missing, () => import(missing))).rejects.toMatchObject({
      name: 'MissingDriverError',
      code: 'ERR_STEADFETCH_MISSING_DRIVER',
      package: missing,
      message: `The package ${missing} is not installed: npm install ${missing}`,
    });
  });

  test('that is broken keeps its own error', async () => {
    const broken = new Error("Cannot find package 'inner' imported from pg");
    await expect(loadDriver('pg', () => Promise.reject(broken))).rejects.toBe(broken);
  });
});
