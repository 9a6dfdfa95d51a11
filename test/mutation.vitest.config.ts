import { defineConfig } from 'vitest/config';
import base from '../vitest.config.ts';

/** The tests that mutants are run against: those of the mutated rooms, without what runs for seconds. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/{call,guard,request,verdict,dropin,transport}/**/*.test.ts'],
    exclude: ['test/call/lifecycle.test.ts'],
    reporters: ['default'],
  },
});
