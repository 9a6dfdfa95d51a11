import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Replaces `X.ts` by the first of `X.browser.ts` and `X.web.ts` that exists. */
const besides = (...kinds) => ({
  name: 'files-besides',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, importer }) => {
      const besides = kinds.map((kind) => resolve(dirname(importer), path.replace(/\.ts$/, `.${kind}.ts`)));
      const found = besides.find(existsSync);
      return found === undefined ? undefined : { path: found };
    });
  },
});

/** One file that imports nothing of Node and undici: some runtimes have only a stand-in under these names. */
const alone = {
  entryPoints: ['src/index.ts'],
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  metafile: true,
};

/** The bundle for servers that are not Node: Bun, Deno, workerd. */
export const web = { ...alone, outfile: 'dist/web.js', plugins: [besides('web')] };

/** The bundle for browsers, where size counts. */
export const browser = { ...alone, outfile: 'dist/browser.js', plugins: [besides('browser', 'web')] };
