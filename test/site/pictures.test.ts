import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium } from '../support/chromium.ts';
import { launch } from './browser.ts';

const docs = join(import.meta.dirname, '../../docs');
const pictures = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.svg') && !/^(node_modules|\.vitepress)\//.test(name),
);

/** Where a label stands badly: outside of the picture, on another label, or across the border of a box. */
function badLabels(): string[] {
  const svg = document.querySelector('svg') as SVGSVGElement;
  const bounds = svg.getBoundingClientRect();
  const labels = [...svg.querySelectorAll('text')]
    .filter(({ textContent }) => textContent.trim() !== '')
    .map((label) => ({ text: label.textContent, box: label.getBoundingClientRect() }));
  const boxes = [...svg.querySelectorAll('rect[rx]')].map((rect) => rect.getBoundingClientRect());
  const meets = (a: DOMRect, b: DOMRect, slack: number) =>
    a.left < b.right - slack &&
    b.left < a.right - slack &&
    a.top < b.bottom - slack &&
    b.top < a.bottom - slack;
  const holds = (a: DOMRect, b: DOMRect) =>
    a.left <= b.left && a.right >= b.right && a.top <= b.top && a.bottom >= b.bottom;
  return labels.flatMap(({ text, box }, i) => [
    ...(holds(bounds, box) ? [] : [`"${text}" leaves the picture`]),
    // Lines stand close to each other, and a line's box is higher than its letters.
    ...labels
      .slice(i + 1)
      .flatMap((other) => (meets(box, other.box, 4) ? [`"${text}" meets "${other.text}"`] : [])),
    ...boxes.flatMap((rect) =>
      meets(box, rect, 1) && !holds(rect, box) ? [`"${text}" crosses a border`] : [],
    ),
  ]);
}

// Where there is none, that is a failure with CI=true only.
describe.skipIf(chromium === undefined && !process.env.CI)('the pictures', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  async function look(svg: string): Promise<string[]> {
    const page = await browser.newPage({ viewport: { width: 1040, height: 1200 } });
    await page.setContent(svg);
    const found = await page.evaluate(badLabels);
    await page.close();
    return found;
  }

  test.each(pictures)('%s has labels that can be read', async (name) => {
    expect(await look(readFileSync(join(docs, name), 'utf8'))).toEqual([]);
  });

  test('a label that does not fit is found', async () => {
    const box = (text: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100"><rect x="10" y="10" width="60" height="30" rx="4"/>${text}</svg>`;
    expect(await look(box('<text x="15" y="30">fits</text>'))).toEqual([]);
    expect(await look(box('<text x="15" y="30">does not fit</text>'))).toEqual([
      '"does not fit" crosses a border',
    ]);
    expect(await look(box('<text x="260" y="80">too far right</text>'))).toEqual([
      '"too far right" leaves the picture',
    ]);
    expect(await look(box('<text x="90" y="60">one</text><text x="92" y="62">two</text>'))).toEqual([
      '"one" meets "two"',
    ]);
  });
});
