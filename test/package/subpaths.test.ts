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

test('a compiler that does not read `exports` (`module: commonjs`) finds the same types', () => {
  const { main, types, typesVersions, exports } = JSON.parse(
    readFileSync(new URL('package.json', root), 'utf8'),
  );
  const typed = subpaths.map(([name]) => name.replace('steadfetch', '.'));
  const [own, ...others] = typed.map((subpath) => [subpath.slice(2), exports[subpath].types]);
  expect([main, types]).toEqual([exports['.'].default, own?.[1]]);
  expect(typesVersions['*']).toEqual(Object.fromEntries(others.map(([name, file]) => [name, [file]])));
});
