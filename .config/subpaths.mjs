import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The source of a built file: `./dist/once/index.js` is bundled from `src/once/index.ts`. */
export const sourceOf = (built) => built.replace(/^(\.\/)?dist(.*)\.js$/, 'src$2.ts');

/** Every import name of this package with its source, read from package.json: `steadfetch/once` is `src/once/index.ts`. */
export const subpaths = Object.entries(exports)
  .filter(([, entry]) => typeof entry === 'object')
  .map(([subpath, entry]) => [`steadfetch${subpath.slice(1)}`, sourceOf(entry.default)]);
