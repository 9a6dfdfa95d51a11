import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../src/outbox/database.ts';
import { lockFolder } from '../../src/outbox/folder-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steadfetch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder belongs to one process at a time, and is given back', async () => {
  const unlock = lockFolder(folder);
  await expect(openDatabase(folder)).rejects.toMatchObject({ code: 'ERR_STEADFETCH_FOLDER_IN_USE' });
  unlock();
  lockFolder(folder)();
});

test('a folder whose owner was killed is free', () => {
  writeFileSync(join(folder, 'steadfetch.pid'), '2147483646');
  const unlock = lockFolder(folder);
  expect(readFileSync(join(folder, 'steadfetch.pid'), 'utf8')).toMatch(new RegExp(`^${process.pid}\\b`));
  unlock();
});

test.runIf(process.platform === 'linux')(
  'a folder whose owner was killed is free, even for a process with the same id, as in a container that was started again',
  () => {
    lockFolder(folder);
    const file = join(folder, 'steadfetch.pid');
    // As if the process that took it had begun at another time.
    writeFileSync(file, readFileSync(file, 'utf8').replace(/ \d+$/, ' 1'));
    const unlock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`${folder} is open in process ${process.pid}`);
    unlock();
  },
);

test('where it is not known when the owner began, its id decides', () => {
  writeFileSync(join(folder, 'steadfetch.pid'), `${process.pid}`);
  expect(() => lockFolder(folder)).toThrow(`${folder} is open in process ${process.pid}`);
});

test('what is no database is refused by name', async () => {
  await expect(openDatabase('mysql://127.0.0.1/shop')).rejects.toThrow(
    'target must be a postgres:// URL or a folder, got "mysql:"',
  );
  for (const [slip, got] of [
    ['postgres//127.0.0.1/shop', 'postgres'],
    ['postgres:/me:secret@127.0.0.1/shop', 'postgres:'],
    ['127.0.0.1:5432/shop', '127.0.0.1:5432'],
    ['me:5ecret@127.0.0.1:5432/shop', '***@127.0.0.1:5432'],
  ] as const)
    await expect(openDatabase(slip)).rejects.toThrow(`must be a postgres:// URL or a folder, got "${got}"`);
  await expect(openDatabase(new pg.Client() as never)).rejects.toThrow('got a Client of pg');
  await expect(openDatabase({} as never)).rejects.toThrow(
    'target must be a postgres:// URL, a folder, a pg Pool or a PGlite, got an object',
  );
  // What `process.env` has of a variable that is not set.
  await expect(openDatabase(undefined as never)).rejects.toThrow(
    'target must be a postgres:// URL, a folder, a pg Pool or a PGlite, got undefined',
  );
});
