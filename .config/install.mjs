import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Installs what a folder with a lock file of its own needs, unless the same lock file was installed by the same Node. */
export function install(cwd) {
  const lock = readFileSync(join(cwd, 'package-lock.json'));
  const installed = createHash('sha256').update(lock).update(process.version).digest('hex');
  const mark = join(cwd, 'node_modules/.installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === installed) return;
  npm(cwd, 'ci', ...QUIET);
  writeFileSync(mark, installed);
}

/** Runs npm there, and returns what it prints. */
export function npm(cwd, ...args) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
