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
      writeFileSync(file, `${process.pid} ${beganAt(process.pid)}`, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (Reflect.get(error as object, 'code') !== 'EEXIST') throw error;
    }
    const [pid, began = ''] = readFileSync(file, 'utf8').split(' ');
    const owner = Number(pid);
    if (isAlive(owner) && isSame(began, beganAt(owner))) throw new FolderInUseError(folder, owner);
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

/**
 * When a process began, since ids are used again: the main process of a container has the same one after each restart. In clock ticks
 * since the machine was started; empty where the system does not tell.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22. Field 2, the name of the program, is in brackets, and may itself have spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3] ?? '';
  } catch {
    return '';
  }
}

function isSame(began: string, other: string): boolean {
  return began === '' || other === '' || began === other;
}
