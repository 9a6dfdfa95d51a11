import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The numbers of a client's row in the table. */
function row(stdout: string, name: string) {
  const line = stdout.split('\n').find((text) => text.startsWith(`${name}  `)) ?? '';
  const [once = -1, twice = -1, byHand, falseSuccess = -1, notBooked, requests, inOutage = -1] = (
    line.match(/\d+/g) ?? []
  ).map(Number);
  return { once, twice, byHand, falseSuccess, notBooked, requests, inOutage };
}

test.each(Array.from({ length: 10 }, (_, index) => index + 1))(
  'the demo, seed %i: steadfetch books more orders exactly once than the loop, none twice, with fewer requests in the outage',
  { timeout: 90_000 },
  async (seed) => {
    const command = ['--import', 'tsx', 'docs/examples/demo/main.ts', '--seed', String(seed)];
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root });
    const [ours, loop] = [row(stdout, 'steadfetch'), row(stdout, 'retry loop')];
    expect(ours.once).toBeGreaterThan(loop.once);
    expect(ours).toMatchObject({ twice: 0, falseSuccess: 0 });
    expect(ours.inOutage).toBeGreaterThan(0);
    expect(ours.inOutage).toBeLessThan(loop.inOutage);
    expect(stdout).toContain('steadfetch wins');
  },
);
