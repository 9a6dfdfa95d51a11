import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { groups } from '../../docs/.vitepress/pages.ts';
import { anchorsOf, linksOf, pages, root } from './pages.ts';

const links = pages().flatMap(linksOf);

test('the pages have links', () => {
  expect(links.length).toBeGreaterThan(50);
});

test('every link between files of the repository leads to a file', () => {
  const broken = links.filter(({ file }) => !existsSync(join(root, file)));
  expect(broken.map(({ page, href }) => `${page}: ${href}`)).toEqual([]);
});

test('every link to a heading leads to one', () => {
  const broken = links.filter(
    ({ file, anchor }) => anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor),
  );
  expect(broken.map(({ page, href }) => `${page}: ${href}`)).toEqual([]);
});

test('every link resolves in the packed tarball, too', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  const paths = new Set(files.map(({ path }) => path));
  expect(paths).toContain('docs/guarantees.md');
  expect(
    [...paths].filter((path) => /^docs\/(node_modules|reference|\.vitepress|package)/.test(path)),
  ).toEqual([]);
  const broken = links.filter(({ page, file }) => paths.has(page) && !paths.has(file));
  expect(broken.map(({ page, href }) => `${page}: ${href}`)).toEqual([]);
}, 60_000);

test("the site's sidebar has every page of docs/, and no other", () => {
  const listed = groups.flatMap(({ pages }) => pages.map(({ file }) => `docs/${file}.md`));
  expect(listed.sort()).toEqual(pages().filter((page) => page.startsWith('docs/')));
});
