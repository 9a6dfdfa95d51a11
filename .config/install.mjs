import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Installs the packages of a folder with its own lock file, unless this Node has installed the same lock file before. */
export function install(cwd) {
  const lock = readFileSync(join(cwd, 'package-lock.json'));
  const installed = createHash('sha256').update(lock).update(process.version).digest('hex');
  const mark = join(cwd, 'node_modules/.installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === installed) return;
  npm(cwd, 'ci', ...QUIET);
  writeFileSync(mark, installed);
}

/** Runs npm in the folder, and returns its output. */
export function npm(cwd, ...args) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
