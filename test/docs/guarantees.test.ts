import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/guarantees.md', root), 'utf8');

/** The tests that a line of the table names: a file, and titles or their beginnings. */
const claims = [...page.matchAll(/`(test\/[\w/-]+\.test\.ts)`((?: (?:"[^"]+",? ?)+)?)/g)].flatMap(
  ([, file = '', titles = '']) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => [file, title] as const),
);

test('the page names tests', () => {
  expect(claims.length).toBeGreaterThan(30);
});

test.each(claims)('%s has a test "%s"', (file, title) => {
  const source = readFileSync(new URL(file, root), 'utf8').replaceAll("\\'", "'");
  expect(source).toContain(title);
});
