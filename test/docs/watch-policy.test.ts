import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchPolicy } from '../../docs/examples/watch-policy/watch-policy.ts';
import { createFetch } from '../../src/index.ts';

test('a policy file that changes changes the client; one that is wrong changes nothing, and says why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'steadfetch-watch-'));
  const file = join(folder, 'policy.json');
  /** As editors and mounted volumes do: another file takes its place. */
  const put = async (text: string) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  const api = createFetch();
  const attempts = () => api.explain('GET', 'https://api.example/').values['retry.attempts']?.value;
  const errors: unknown[] = [];
  const soon = { timeout: 8_000 };

  await put('{ "retry": { "attempts": 2 } }');
  const stop = watchPolicy(api, file, (error) => errors.push(error), 20);
  try {
    await expect.poll(attempts, soon).toBe(2);
    await put('{ "retry": { "attempts": 30 } }');
    await expect.poll(attempts, soon).toBe(30);
    await put('{ "retry": { "atempts": 400 } }');
    await expect.poll(() => String(errors.at(-1)), soon).toContain('did you mean retry.attempts?');
    await put('{ "retry": ');
    await expect.poll(() => String(errors.at(-1)), soon).toContain('JSON');
    expect(attempts()).toBe(30);
    await put('{ "retry": { "attempts": 5 }, "timeout": { "idle": false } }');
    await expect.poll(attempts, soon).toBe(5);
  } finally {
    stop();
    await rm(folder, { recursive: true });
  }
}, 60_000);
