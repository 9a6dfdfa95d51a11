import type { Plugin } from 'vite';
import { configDefaults, defineConfig } from 'vitest/config';
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

export default defineConfig(({ mode }) => ({
  plugins: [undiciOfTheUser],
  resolve: {
    alias: subpaths.map(([name, source]) => ({ find: new RegExp(`^${name}$`), replacement: root + source })),
  },
  test: {
    include: [mode === 'slow' ? SLOW : 'test/**/*.test.ts'],
    // The folders are run by test/apart.mjs.
    exclude: [
      ...configDefaults.exclude,
      'test/{runtimes,bundlers,clients,orms,site}/**',
      ...(mode === 'slow' ? [] : [SLOW]),
    ],
    testTimeout: 10_000,
    // The default is one less than the number of processors, but most of these tests only wait for a socket.
    maxWorkers: '100%',
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: process.env.TEST_REPORT ?? 'reports/tests.json' }]]
      : ['default'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
}));
