import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '../support/listen.ts';

const MiB = 2 ** 20;
const SIZE = 256 * MiB;

/**
 * Runs in a process of its own, so that no other memory is measured, and prints the most that each upload held.
 * Held is what is left after a collection: V8 lets some 64 MiB of garbage lie about when there is plenty of memory, and
 * the allocator keeps what was freed, so that the size of the process says little about either.
 */
const script = `
  import { openAsBlob } from 'node:fs';
  import { createFetch } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
  const [url, path] = process.argv.slice(1);
  const file = await openAsBlob(path);
  const api = createFetch({ timeout: { attempt: 60_000, total: 60_000 } });
  const put = async (body) => (await api(url, { method: 'PUT', body, duplex: 'half' })).text();
  const held = () => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  await put('warm');
  const start = held();
  let most = 0;
  const sampler = setInterval(() => {
    most = Math.max(most, held() - start);
  }, 100);
  const results = {};
  for (const [kind, body] of [['a file', file], ['a stream', file.stream()]]) {
    most = 0;
    const sent = Number(await put(body));
    results[kind] = { sent, most };
  }
  clearInterval(sampler);
  console.log(JSON.stringify(results));
`;

/** Counts what it is sent, and keeps nothing. */
const sink = createServer((request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => response.end(String(bytes)));
});
let folder = '';
let url = '';
beforeAll(async () => {
  url = await listen(sink);
  folder = await mkdtemp(join(tmpdir(), 'steadfetch-'));
  const file = await open(join(folder, 'sparse'), 'w');
  await file.truncate(SIZE);
  await file.close();
});
afterAll(async () => {
  sink.close();
  await rm(folder, { recursive: true });
});

test('an upload of 256 MiB keeps the process under 64 MiB above its start', async () => {
  const flags = ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', script];
  const args = [...flags, url, join(folder, 'sparse')];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const results = Object.values<{ sent: number; most: number }>(JSON.parse(stdout));
  expect(results.map(({ sent }) => sent)).toEqual([SIZE, SIZE]);
  for (const { most } of results) {
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(64 * MiB);
  }
}, 60_000);
