import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, FLAGS } from '../support/chromium.ts';

const packages = createRequire(join(import.meta.dirname, 'package.json'));

export async function launch(): Promise<Browser> {
  const { chromium } = packages('playwright-core') as typeof import('playwright-core');
  return await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
}

/** Everything that a page complained of, and every request that left the folder it is served from. */
export async function watchOver(page: Page, folder: string): Promise<string[]> {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.route('**', (route) => {
    const url = route.request().url();
    if (url.startsWith(folder) || url.startsWith('data:')) return route.continue();
    complaints.push(`asked for ${url}`);
    return route.abort();
  });
  return complaints;
}

/** What axe finds, with the elements. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: packages.resolve('axe-core/axe.min.js') });
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run();
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 150))}`,
    );
  });
}
