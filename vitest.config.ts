import { readdirSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { subpaths } from './.config/subpaths.mjs';

const root = new URL('.', import.meta.url).pathname;

/** The name of another copy of undici, which the tests then use as a user's own. */
const usersUndici = process.env.USERS_UNDICI;

/** Applies only to imports of the tests: the package keeps its own copy. */
const undiciOfTheUser: Plugin = {
  name: 'undici-of-the-user',
  enforce: 'pre',
  resolveId(source, importer) {
    const isTest = importer?.startsWith(new URL('./test/', import.meta.url).pathname);
    return source === 'undici' && usersUndici && isTest ? this.resolve(usersUndici, importer) : undefined;
  },
};

/** Tests that take too long for every run: `npm run test:slow`. */
const SLOW = 'test/**/*.slow.test.ts';

/** Run by test/apart.mjs. */
const APART = 'test/{runtimes,bundlers,clients,orms,site}/**';

/**
 * Tests of code that computes, and changes nothing in its process: they share one, so that modules are loaded once. In these folders, a
 * file that replaces something global says so by what it uses, and has a process of its own like all others.
 */
const PURE = [
  'architecture',
  'bench',
  'cli',
  'docs',
  'guard',
  'http',
  'model',
  'policy',
  'presets',
  'testing',
  'tools',
];
const changesGlobals =
  /\bvi\.(mock|doMock|stub|useFake|resetModules)|setupServer|globalThis[.[]|process\.(on|once|env)\b|install\(/;
const pure = PURE.flatMap((folder) =>
  readdirSync(`${root}test/${folder}`, { recursive: true, encoding: 'utf8' }).map(
    (name) => `test/${folder}/${name}`,
  ),
).filter(
  (file) => /(?<!\.slow)\.test\.ts$/.test(file) && !changesGlobals.test(readFileSync(root + file, 'utf8')),
);

const projects: TestProjectConfiguration[] = [
  { extends: true, test: { name: 'pure', include: pure, isolate: false } },
  {
    extends: true,
    test: {
      name: 'apart',
      include: ['test/**/*.test.ts'],
      exclude: [...configDefaults.exclude, APART, SLOW, ...pure],
    },
  },
];

export default defineConfig(({ mode }) => ({
  plugins: [undiciOfTheUser],
  resolve: {
    alias: subpaths.map(([name, source]) => ({ find: new RegExp(`^${name}$`), replacement: root + source })),
  },
  test: {
    ...(mode === 'slow' ? { include: [SLOW], exclude: [...configDefaults.exclude, APART] } : { projects }),
    testTimeout: 10_000,
    // The default is one less than the number of processors, but most of these tests only wait for a socket.
    maxWorkers: '100%',
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: process.env.TEST_REPORT ?? 'reports/tests.json' }]]
      : ['default'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
}));
