import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// For the tests that node test/apart.mjs runs. `steadfetch` is the package that is installed beside them.

const folders = (process.env.APART ?? '').split(',');

export default defineConfig({
  root: join(import.meta.dirname, '..'),
  test: {
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    testTimeout: 30_000,
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: process.env.TEST_REPORT ?? 'reports/apart.json' }]]
      : ['default'],
  },
});
