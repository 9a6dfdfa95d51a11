import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** As `npm run demo` does it, with its output in a pipe. */
async function demo(...args: readonly string[]): Promise<Run> {
  const command = ['--import', 'tsx', 'docs/examples/demo/main.ts', ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { cwd: root });
    return { status: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

/** The numbers of a row: booked once, twice, lost and false successes, not booked, requests, those in the outage. */
function row(stdout: string, name: string): number[] {
  const line = stdout.split('\n').find((text) => text.startsWith(`${name}  `)) ?? '';
  return (line.match(/\d+/g) ?? []).map(Number).slice(0, 7);
}

describe('the demo', () => {
  it('compares three clients in a table, without a control character when piped', {
    timeout: 120_000,
  }, async () => {
    // Here the first two orders are cut off after they were booked, and nothing else goes wrong.
    const { status, stdout, stderr } = await demo('--seed', '4', '--orders', '7');
    expect(status, stderr).toBe(0);
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(row(stdout, 'bare fetch')).toEqual([7, 0, 2, 0, 0, 7, 0]);
    expect(row(stdout, 'retry loop')).toEqual([5, 2, 0, 0, 0, 9, 0]);
    // Whether its callers learn of every booking depends on its retry budget, which has just begun.
    const [once, twice, , falseSuccess, notBooked] = row(stdout, 'steadfetch');
    expect({ once, twice, falseSuccess, notBooked }).toEqual({
      once: 7,
      twice: 0,
      falseSuccess: 0,
      notBooked: 0,
    });
  });

  it('ends with status 2 and says why when it is not understood', { timeout: 120_000 }, async () => {
    const { status, stdout, stderr } = await demo('--sede', '2');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/Unknown option '--sede'.*\n\nnpm run demo -- \[--seed N\]/);
  });
});
