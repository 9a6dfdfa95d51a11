import { defineConfig } from 'vitest/config';

const src = new URL('./src', import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^steadfetch$/, replacement: `${src}/index.ts` },
      { find: /^steadfetch\/(once|server|testing|undici)$/, replacement: `${src}/$1/index.ts` },
      { find: /^steadfetch\/(.+)$/, replacement: `${src}/$1.ts` },
    ],
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
