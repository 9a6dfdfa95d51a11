import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Takes `X.browser.ts` or `X.web.ts`, whichever comes first, wherever there is one beside `X.ts`. */
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

/** One file that imports nothing, neither of Node nor of undici: what a runtime has under such a name may be a stand-in. */
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
