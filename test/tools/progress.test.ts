import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { startProgress } from '../../src/tools/progress.ts';

/** A hundred steps, a tenth of a second apart, with a note in the middle. */
async function written(isTTY: boolean): Promise<string> {
  // What a terminal has besides a stream: how wide it is, and where its cursor goes.
  const terminal = { isTTY, columns: 120, rows: 30, cursorTo() {}, moveCursor() {}, clearLine() {} };
  const out = Object.assign(new PassThrough(), terminal) as unknown as NodeJS.WriteStream & PassThrough;
  let now = 0;
  const progress = await startProgress({ calls: 100 }, out, () => now);
  for (let calls = 1; calls <= 100; calls++) {
    now += 100;
    progress.update('calls', calls, 'no violations');
    if (calls === 60) progress.note('call 60 was slow');
  }
  progress.stop();
  return String(out.read());
}

describe('the progress', () => {
  it('is a line every five seconds, without control characters, where it is piped', async () => {
    expect(await written(false)).toBe(
      'calls 50 of 100, no violations\ncall 60 was slow\ncalls 100 of 100, no violations\n',
    );
  });

  it('is a bar on a terminal, and notes stay above it', async () => {
    const text = await written(true);
    expect(text).toContain('call 60 was slow\n');
    expect(text).toMatch(/calls █+░+ 60 of 100, .* left {2}no violations/);
  });

  it('ends with where it got to, however soon that is', async () => {
    const out = new PassThrough() as unknown as NodeJS.WriteStream & PassThrough;
    const progress = await startProgress({ one: 3, other: 3 }, out, () => 0);
    progress.update('one', 1);
    progress.update('other', 2);
    progress.stop();
    expect(String(out.read())).toBe('one 1 of 3 · other 2 of 3\n');
  });
});
