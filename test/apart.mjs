// Runs the tests that have a package.json and a lock file of their own, so that `npm ci` of this package stays small:
//
//     node test/apart.mjs runtimes clients …
//
// Installs what they need if that has changed, packs this package and installs the tarball among it, as a user would.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, npm } from '../.config/install.mjs';

const root = join(import.meta.dirname, '..');
const folders = process.argv.slice(2);
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

const work = mkdtempSync(join(tmpdir(), 'steadfetch-apart-'));
try {
  const tarball = pack();
  for (const folder of folders) {
    const cwd = join(root, 'test', folder);
    install(cwd);
    npm(cwd, 'install', '--no-save', '--no-package-lock', '--prefer-offline', ...QUIET, tarball);
  }
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = join(root, 'test/apart.vitest.config.ts');
  const env = { ...process.env, APART: folders.join(), STEADFETCH_TARBALL: tarball };
  execFileSync(process.execPath, [vitest, 'run', '--config', config], { cwd: root, stdio: 'inherit', env });
} catch (error) {
  // vitest has said what is wrong.
  if (error.status === undefined) throw error;
  process.exitCode = error.status ?? 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

function pack() {
  const [{ filename }] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', work));
  return join(work, filename);
}
