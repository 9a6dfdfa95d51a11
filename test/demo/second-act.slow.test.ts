import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the demo’s second act: what can’t be done in time is done later, and in the end every order is booked exactly once', {
  timeout: 200_000,
}, async () => {
  // Enough for the outage to begin.
  const command = ['--import', 'tsx', 'docs/examples/demo/second-act.ts', '--seed', '3', '--orders', '56'];
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  expect(stdout).toContain('nothing is listening any more');
  expect(stdout).toContain('56 of 56 orders are booked exactly once');
});
