// Builds the site into docs/.vitepress/dist: README and docs, the reference, the lab. Static files, for any folder of any server.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { install } from './install.mjs';
import { browser } from './web.mjs';

const cwd = join(import.meta.dirname, '../docs');
install(cwd);

// The lab's worker contains the client in the browsers' version. Of the peers, opossum needs Node's `events`.
await build({
  ...browser,
  entryPoints: ['src/lab/browser.ts'],
  outfile: 'docs/.vitepress/public/lab.js',
  alias: { events: join(cwd, 'node_modules/events/events.js') },
  external: ['util'],
  minify: true,
  logLevel: 'warning',
});

for (const [command, ...args] of [['typedoc'], ['vue-tsc', '--noEmit'], ['vitepress', 'build']]) {
  execFileSync(join(cwd, 'node_modules/.bin', command), args, { cwd, stdio: 'inherit' });
}
