import type { Plugin } from 'vite';
import { configDefaults, defineConfig } from 'vitest/config';
import { subpaths } from './.config/subpaths.mjs';

const root = new URL('.', import.meta.url).pathname;

/** The name of another copy of undici, to be the one that the tests use as a user would. */
const usersUndici = process.env.USERS_UNDICI;

/** Only what a test imports: the package keeps its own copy. */
const undiciOfTheUser: Plugin = {
  name: 'undici-of-the-user',
  enforce: 'pre',
  resolveId(source, importer) {
    const isTest = importer?.startsWith(new URL('./test/', import.meta.url).pathname);
    return source === 'undici' && usersUndici && isTest ? this.resolve(usersUndici, importer) : undefined;
  },
};

/** What takes too long for every run: `npm run test:slow`. */
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
    // By default one less than there are processors; most of these tests wait for a socket.
    maxWorkers: '100%',
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: process.env.TEST_REPORT ?? 'reports/tests.json' }]]
      : ['default'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
}));
