import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { floors } from '../architecture/rules.ts';
import { root, textOf } from './pages.ts';

// docs/architecture.md leads to files and names of today.

const page = textOf('docs/architecture.md');
const code = [...page.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
const diagram = [...page.matchAll(/^ .*?((?:src|test)\/\S+\.ts)/gm)].map(([, path = '']) => path);

const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`);
const files = [...filesIn('src'), ...filesIn('test'), ...filesIn('docs/.vitepress'), ...readdirSync(root)];
const sources = files.filter((name) => /^src\/.*\.ts$/.test(name));

/** A file or folder of that name. `*`, `NAME` and `X` stand for what the reader adds. */
function exists(path: string): boolean {
  if (existsSync(join(root, path))) return true;
  const pattern = new RegExp(
    `(^|/)${path.replaceAll('.', '\\.').replaceAll(/\*|\bNAME\b|\bX\b/g, '[\\w-]+')}$`,
  );
  return files.some((file) => pattern.test(file));
}

test('every path that it names exists', () => {
  const paths = [...code, ...diagram].filter((text) => /^(src|test|docs|\.config)\/[^ ]+$/.test(text));
  expect(paths.length).toBeGreaterThan(60);
  expect(paths.filter((path) => !exists(path))).toEqual([]);
  expect(exists('src/guard/gone.ts')).toBe(false);
});

test('every file that it names without a folder exists', () => {
  const names = code.filter((text) => /^[\w.-]+\.(ts|md|svg|json)$/.test(text));
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !exists(name))).toEqual([]);
});

test('every name that it tells to look for is in the code', () => {
  const names = code.filter((text) => /^[a-z]\w*[A-Z]\w*(\(\w*\))?$|^[A-Z][a-z]\w*$|^\w+\(\w*\)$/.test(text));
  expect(names.length).toBeGreaterThan(10);
  const text = sources.map((source) => readFileSync(join(root, source), 'utf8')).join('\n');
  expect(names.filter((name) => !new RegExp(`\\b${name.replace(/\(.*/, '')}\\b`).test(text))).toEqual([]);
});

test('its table has every room', () => {
  const [, table = ''] = /## The rooms(.*?)## /s.exec(page) ?? [];
  const rooms = floors.flat().filter((room) => !/^(index|cli)\.ts$/.test(room));
  expect(rooms.filter((room) => !table.includes(`\`${room}/\``))).toEqual([]);
});

test('its picture has every room, on its floor', () => {
  const rows = new Map<string, string[]>();
  const drawn = textOf('docs/architecture.svg').matchAll(/<text class="name" x="\d+" y="(\d+)">([\w-]+)</g);
  for (const [, y = '', room = ''] of drawn) rows.set(y, [...(rows.get(y) ?? []), room]);
  const built = floors
    .map((floor) => floor.filter((room) => !room.endsWith('.ts')))
    .filter(({ length }) => length > 0);
  expect([...rows.values()].map((row) => row.toSorted())).toEqual(
    built.map((row) => row.toSorted()).reverse(),
  );
});
