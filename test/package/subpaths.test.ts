import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { subpaths } from '../../.config/subpaths.mjs';

const root = new URL('../../', import.meta.url);

test('the compiler knows every import name of package.json, and no other', () => {
  const { paths } = JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8')).compilerOptions;
  expect(paths).toEqual(Object.fromEntries(subpaths.map(([name, source]) => [name, [`./${source}`]])));
});

test.each(subpaths)('%s has the source %s', (_name, source) => {
  expect(existsSync(new URL(source, root))).toBe(true);
});
