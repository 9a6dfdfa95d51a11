import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderInUseError } from './errors.ts';

/** Takes a PGlite folder for this process. Returns what gives it back. @throws FolderInUseError */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'steadfetch.pid');
  for (;;) {
    try {
      // Fails if it is there: of two processes, one gets it.
      writeFileSync(file, `${process.pid}`, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (Reflect.get(error as object, 'code') !== 'EEXIST') throw error;
    }
    const owner = Number(readFileSync(file, 'utf8'));
    if (isAlive(owner)) throw new FolderInUseError(folder, owner);
    // Its owner was killed.
    rmSync(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return Reflect.get(error as object, 'code') === 'EPERM';
  }
}
