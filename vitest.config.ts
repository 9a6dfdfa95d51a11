import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { steadfetch: new URL('./src/index.ts', import.meta.url).pathname } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 10_000,
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
