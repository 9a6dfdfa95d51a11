import { defineConfig } from 'vitest/config';
import whole from '../vitest.config.ts';

const base = whole({ command: 'serve', mode: 'test' });
// They are one project here.
const { projects: _, ...test } = base.test ?? {};

/** The tests that mutants are run against: those of the mutated rooms, without what runs for seconds. */
export default defineConfig({
  ...base,
  test: {
    ...test,
    include: ['test/{call,guard,http,fetch,dropin,transport}/**/*.test.ts'],
    exclude: ['test/call/lifecycle.test.ts'],
    reporters: ['default'],
  },
});
