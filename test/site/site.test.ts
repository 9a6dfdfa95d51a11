import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { play } from '../../src/lab/play.ts';
import { type Settings, settings } from '../../src/lab/settings.ts';
import { chromium } from '../support/chromium.ts';
import { launch, violationsOf, watchOver } from './browser.ts';
import { serve } from './serve.ts';

const root = join(import.meta.dirname, '../..');
/** No server needs to know the site's path: the site works in any folder. */
const FOLDER = '/some/folder/';
const BUILD = 600_000;
const COMPUTED = 120_000;

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;

// Where there is none, that is a failure with CI=true only.
describe.skipIf(chromium === undefined && !process.env.CI)('the site', () => {
  beforeAll(async () => {
    if (!process.env.SITE_IS_BUILT) execFileSync('npm', ['run', 'site'], { cwd: root, stdio: 'inherit' });
    site = await serve(join(root, 'docs/.vitepress/dist'), FOLDER);
    browser = await launch();
  }, BUILD);
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  async function open(path: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints = await watchOver(page, site.url);
    await page.goto(site.url + path, { waitUntil: 'networkidle' });
    return { page, complaints };
  }

  const kinds = [
    ['the start page', ''],
    ['a page of the docs', 'docs/guarantees.html'],
    ['a page with pictures', 'docs/storms.html'],
    ['a page in a folder', 'docs/recipes/policy-file.html'],
    ['the reference', 'docs/reference/steadfetch.html'],
    ['a page of the reference', 'docs/reference/steadfetch/once/postgres.html'],
    ['an example', 'docs/reference/files/docs/examples/once/hono.ts.html'],
    ['the lab', 'docs/lab.html'],
    ['the changes', 'CHANGELOG.html'],
    ['the page for what is not there', '404.html'],
  ] as const;

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    test.each(kinds)('%s has no violation that axe knows of, and no errors', async (_, path) => {
      const { page, complaints } = await open(path, { colorScheme });
      expect(await violationsOf(page)).toEqual([]);
      expect(complaints).toEqual([]);
    });
  });

  test.each(kinds)('on a phone, %s needs no sideways scrolling', async (_, path) => {
    const { page } = await open(path, { viewport: { width: 390, height: 844 } });
    const [wanted, there] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(wanted).toBeLessThanOrEqual(there ?? 0);
  });

  test('a reader goes from page to page without leaving the folder', async () => {
    const { page, complaints } = await open('');
    await page.locator('.VPSidebar').getByRole('link', { name: 'The receiving side' }).click();
    await page.getByRole('heading', { level: 1, name: /^Once/ }).waitFor();
    expect(page.url()).toBe(`${site.url}docs/once.html`);
    await page.reload();
    await page.getByRole('heading', { level: 1, name: /^Once/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('the search finds an option, without any other server', async () => {
    const { page, complaints } = await open('');
    await page.keyboard.press('Control+k');
    await page.locator('#localsearch-input').fill('maxCooldown');
    await page.locator('.VPLocalSearchBox .result').first().waitFor();
    expect(complaints).toEqual([]);
  });

  test('what is written beside pictures can be read without scripts', async () => {
    const { page } = await open('docs/guarantees.html', { javaScriptEnabled: false });
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('promised');
  });

  describe('the lab', () => {
    const SHORT = 'duration=15&load=20';

    test('computes what Node computes, to the last digit', async () => {
      const { page, complaints } = await open(`docs/lab.html?${SHORT}&spike=100&processes=10`);
      const defaults = Object.entries(settings).map(([name, { default: value }]) => [name, value]);
      const chosen = {
        ...Object.fromEntries(defaults),
        outage: 'refused',
        duration: 15,
        load: 20,
        spike: 100,
        processes: 10,
      };
      const expected: string[] = [];
      await play(chosen as Settings, {}, ({ measures }) => {
        if (measures !== undefined) expected.push(measures.load.toFixed(2));
      });
      expect(expected.length).toBeGreaterThan(4);
      expect(await numbersOf(page, 3)).toEqual(expected);
      expect(complaints).toEqual([]);
    });

    test('a slider moved by keyboard changes the numbers and the address; the address alone gives the same', async () => {
      const { page, complaints } = await open(`docs/lab.html?${SHORT}`);
      const before = await numbersOf(page, 1);
      const slider = page.getByRole('slider', { name: 'Random failures' });
      await slider.focus();
      for (let i = 0; i < 5; i++) await page.keyboard.press('PageUp');
      const after = await numbersOf(page, 1);
      expect(after).not.toEqual(before);
      expect(page.url()).toMatch(/failure=\d+/);

      const { page: shared } = await open(page.url().slice(site.url.length));
      expect(await numbersOf(shared, 1)).toEqual(after);
      expect(complaints).toEqual([]);
    });

    test('the policy is that of the sliders, and can be copied', async () => {
      const context = { permissions: ['clipboard-read', 'clipboard-write'] };
      const { page } = await open(`docs/lab.html?${SHORT}&failure=50`, context);
      await numbersOf(page, 1);
      await page.getByRole('slider', { name: 'retry.attempts' }).fill('1');
      await page.getByRole('checkbox', { name: 'breaker' }).uncheck();
      const [load] = await numbersOf(page, 3);
      expect(load).toBe('1.00');
      await page.getByRole('button', { name: 'Copy as policy' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      expect(JSON.parse(copied)).toEqual({ retry: { attempts: 1 }, breaker: false });
    });

    test('a wrong policy is refused by name, and what is no JSON, too', async () => {
      const { page } = await open(`docs/lab.html?${SHORT}`);
      const policy = page.getByRole('textbox', { name: 'The policy as JSON' });
      await policy.fill('{ "retry": { "retries": 2 } }');
      await policy.blur();
      await page.getByRole('alert').filter({ hasText: 'retry.retries' }).waitFor();
      await policy.fill('{');
      await policy.blur();
      await page.getByRole('alert').filter({ hasText: 'no JSON object' }).waitFor();
    });

    test('the charts have lines, and one scale for all', async () => {
      // Calls that are still under way at the end send on after it.
      const { page } = await open(`docs/lab.html?${SHORT}&processes=100&outage=silence&outageLength=10`);
      await numbersOf(page, 1);
      await page.waitForTimeout(300); // for the screen's next picture
      const charts = await page.locator('.lab-chart svg').evaluateAll((all) =>
        all.map((svg) => ({
          texts: [...svg.querySelectorAll('text')].map(({ textContent }) => textContent),
          lines: [...svg.querySelectorAll('path[fill="none"]')].filter(
            (path) => (path.getAttribute('d') ?? '').length > 60,
          ).length,
        })),
      );
      expect(charts.length).toBeGreaterThan(4);
      for (const { texts, lines } of charts) {
        expect(lines).toBeGreaterThanOrEqual(3);
        expect(texts).toEqual(charts[0]?.texts);
        expect(texts).toEqual(expect.arrayContaining(['seconds', 'per second', 'breakers', '50']));
      }
    });

    test('every control and every chart has a name', async () => {
      const { page } = await open(`docs/lab.html?${SHORT}`);
      await numbersOf(page, 1);
      const charts = page.locator('.lab [role="img"]');
      expect(await charts.count()).toBeGreaterThan(4);
      expect(await page.locator('.lab [role="img"][aria-label*="requests per call"]').count()).toBe(
        await charts.count(),
      );
      for (const role of ['slider', 'checkbox', 'textbox', 'combobox'] as const) {
        const all = await page.locator('.lab').getByRole(role).count();
        expect(all).toBeGreaterThan(0);
        expect(await page.locator('.lab').getByRole(role, { name: /\w/ }).count()).toBe(all);
      }
    });
  });
});

/** One column of the table, when everything has been computed. */
async function numbersOf(page: Page, column: number): Promise<string[]> {
  await page
    .locator('.lab-status:not([aria-busy="true"])', { hasText: 'requests per call' })
    .waitFor({ timeout: COMPUTED });
  return await page.locator(`.lab tbody tr > :nth-child(${column + 1})`).allInnerTexts();
}
