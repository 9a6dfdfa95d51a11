// Builds the site into docs/.vitepress/dist: README and docs, the reference, the lab. Static files, for any folder of any server.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { install } from './install.mjs';

const cwd = join(import.meta.dirname, '../docs');
install(cwd);
for (const [command, ...args] of [['typedoc'], ['vue-tsc', '--noEmit'], ['vitepress', 'build']]) {
  execFileSync(join(cwd, 'node_modules/.bin', command), args, { cwd, stdio: 'inherit' });
}
