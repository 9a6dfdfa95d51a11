import { defineConfig } from 'vitest/config';
import { subpaths } from './.config/subpaths.mjs';

const root = new URL('.', import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: subpaths.map(([name, source]) => ({ find: new RegExp(`^${name}$`), replacement: root + source })),
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 10_000,
    // By default one less than there are processors; most of these tests wait for a socket.
    maxWorkers: '100%',
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'reports/tests.json' }]] : ['default'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
