import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
// Loaded before msw replaces fetch: only then can the replacement be told from the runtime's own.
import '../../src/index.ts';
import { writeSnippets } from './snippets.ts';

const snippets = writeSnippets();

/** Whatever a snippet calls answers; nothing leaves this process. */
const world = setupServer(http.all('*', () => HttpResponse.json({ ok: true })));
const given = { charge: { id: 'ch_1', amount: 100 }, order: { id: 'o_1' } };
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** What a snippet keeps, it keeps here. */
const folder = mkdtempSync(join(tmpdir(), 'steadfetch-snippets-'));

beforeAll(() => {
  Object.assign(globalThis, given, { log: quiet, metrics: { count: () => {} } });
  vi.stubEnv('DATABASE_URL', folder);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('the docs have snippets, and some of them run', () => {
  expect(snippets.length).toBeGreaterThan(5);
  expect(snippets.some(({ runs }) => runs)).toBe(true);
});

test('every snippet in README and docs type-checks', () => {
  const folder = dirname(snippets[0]?.file ?? '');
  const tsc = new URL('../../node_modules/typescript/bin/tsc', import.meta.url).pathname;
  let complaints = '';
  try {
    execFileSync(process.execPath, [tsc, '--noEmit', '-p', folder], { encoding: 'utf8' });
  } catch (error) {
    complaints = String(Reflect.get(error as object, 'stdout'));
  }
  expect(complaints).toBe('');
}, 120_000);

test.each(snippets.filter(({ runs }) => runs))(
  'the snippet at $place runs',
  async ({ file }) => {
    // One that is about mocking brings its own.
    const mocks = /msw\/node|MockAgent/.test(readFileSync(file, 'utf8'));
    if (!mocks) world.listen();
    onTestFinished(() => {
      if (!mocks) world.close();
    });
    const claims = vi.spyOn(console, 'assert');
    await import(/* @vite-ignore */ file);
    for (const [claim] of claims.mock.calls) expect(claim).toBe(true);
  },
  120_000,
);
