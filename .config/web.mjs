import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const EVENTS = fileURLToPath(new URL('../src/platform/events.web.ts', import.meta.url));

/** Takes `X.web.ts` wherever it stands beside `X.ts`, and for opossum's `events` the one of src/platform. */
const webFiles = {
  name: 'web-files',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, importer }) => {
      const web = resolve(dirname(importer), path.replace(/\.ts$/, '.web.ts'));
      return existsSync(web) ? { path: web } : undefined;
    });
    build.onResolve({ filter: /^events$/ }, () => ({ path: 'events', namespace: 'web-files' }));
    build.onLoad({ filter: /^events$/, namespace: 'web-files' }, () => ({
      // In Node, too, the module is the class, and has itself as a member.
      contents: `
        const { EventEmitter } = require(${JSON.stringify(EVENTS)});
        module.exports = Object.assign(EventEmitter, { EventEmitter });`,
      resolveDir: dirname(EVENTS),
    }));
  },
};

/**
 * The bundle for Bun, Deno, workerd and browsers: one file that imports nothing, neither of Node nor of undici, because
 * what a runtime has under such a name may be a stand-in.
 */
export const web = {
  entryPoints: ['src/index.ts'],
  outfile: 'dist/web.js',
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  plugins: [webFiles],
  metafile: true,
};
