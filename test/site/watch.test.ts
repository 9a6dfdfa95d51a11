import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createFetch } from 'steadfetch';
import { watch } from 'steadfetch/watch';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { chromium } from '../support/chromium.ts';
import { eventfulClient, liveThrough, startEventfulService } from '../support/eventful-life.ts';
import { launch, violationsOf, watchOver } from './browser.ts';

const command = join(import.meta.dirname, 'node_modules/steadfetch/dist/cli.js');

/** A port of 127.0.0.1 that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Runs the command until the test is over. Resolves when its page can be had. */
async function runCommand(...args: string[]): Promise<{ url: string; code: Promise<unknown> }> {
  const port = await freePort();
  const child = spawn(process.execPath, [command, 'watch', '--port', `${port}`, ...args]);
  child.stderr.pipe(process.stderr);
  onTestFinished(() => void child.kill());
  const code = once(child, 'exit').then(([code]) => code);
  await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${port}/`, code };
}

describe.skipIf(chromium === undefined && !process.env.CI)('steadfetch watch', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  async function open(url: string, colorScheme: 'light' | 'dark' = 'light', width = 1280, bypassCSP = false) {
    // axe is a script from elsewhere.
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints = await watchOver(page, url);
    await page.goto(url);
    return { page, complaints };
  }
  const row = (page: Page, table: string, ...texts: string[]) =>
    texts
      .reduce((rows, hasText) => rows.filter({ hasText }), page.locator(`#${table} tbody tr`))
      .first()
      .waitFor();

  test('shows success, retry, breaker, budget, dead stream and abort of a process, while they happen', async () => {
    const { url } = await runCommand();
    const { page, complaints } = await open(url);
    onTestFinished(watch({ port: Number(new URL(url).port), every: 50 }));
    await page.getByRole('status').filter({ hasText: 'seen at' }).waitFor();
    await using service = await startEventfulService();
    const api = eventfulClient(createFetch, service);
    await liveThrough(api, service);

    await row(page, 'calls', 'hangs', 'aborted', 'unknown');
    await row(page, 'calls', '/good', 'success', '200');
    await row(page, 'calls', '/flaky', 'success');
    await row(page, 'calls', '/down', 'breaker', 'not-sent');
    await row(page, 'calls', '/poor', 'budget', '503');
    await row(page, 'calls', '/dies', 'broke off: network');
    for (const change of ['closed → open', 'open → half-open', 'half-open → closed']) {
      await row(page, 'changes', 'down', change);
    }
    await row(page, 'scopes', 'down', 'closed');
    await row(page, 'scopes', 'good', 'x-ratelimit: 99 of 100');
    api.breakers.isolate('good');
    await row(page, 'scopes', 'good', 'isolated');
    expect(complaints).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('has no violation that axe knows of: %s', async (scheme) => {
    const { url } = await runCommand();
    onTestFinished(watch({ port: Number(new URL(url).port), every: 50 }));
    const headers = { 'x-ratelimit-limit': '9', 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': '60' };
    const fetch = async () => new Response(null, { headers });
    const api = createFetch({ fetch, quota: true, breaker: { scope: () => 'a scope' } });
    const { page, complaints } = await open(url, scheme, 1280, true);
    await page.getByRole('status').filter({ hasText: 'seen at' }).waitFor();
    await api('http://127.0.0.1/');
    api.breakers.isolate('a scope');
    await row(page, 'scopes', 'a scope', 'isolated', 'x-ratelimit: 7 of 9');
    await row(page, 'calls', 'success');
    expect(await violationsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('a page that is opened later knows what was; on a phone nothing scrolls sideways', async () => {
    const { url } = await runCommand();
    onTestFinished(watch({ port: Number(new URL(url).port), every: 50 }));
    const api = createFetch({
      fetch: async () => new Response(),
      breaker: { scope: () => 'an early scope' },
    });
    const first = await open(url);
    await first.page.getByRole('status').filter({ hasText: 'seen at' }).waitFor();
    await api('http://127.0.0.1/early');
    await row(first.page, 'calls', '/early');
    const { page } = await open(url, 'light', 390);
    await row(page, 'calls', '/early');
    const [wanted, there] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(wanted).toBeLessThanOrEqual(there ?? 0);
  });

  test('starts a command, shows it, and ends with its exit code', async () => {
    const program = `
      import { createFetch } from 'steadfetch';
      const api = createFetch({ fetch: async () => new Response() });
      const calls = setInterval(() => api('http://127.0.0.1/of-the-child'), 50);
      process.stdin.once('data', () => process.exit(7)).resume();
    `;
    const port = await freePort();
    const child = spawn(
      process.execPath,
      [command, 'watch', '--port', `${port}`, '--', process.execPath, '--input-type=module', '-e', program],
      { cwd: import.meta.dirname },
    );
    onTestFinished(() => void child.kill());
    child.stderr.pipe(process.stderr);
    await once(child.stdout, 'data');
    const { page } = await open(`http://127.0.0.1:${port}/`);
    await row(page, 'calls', '/of-the-child', 'success');
    child.stdin.write('end\n');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });
});
