import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { expect, test } from 'vitest';
// @ts-expect-error: the build's own script has no types
import { browser, web } from '../../.config/web.mjs';

test.each([
  ['Bun, Deno and workerd', web],
  ['browsers', browser],
])('the bundle for %s imports nothing', async (_, options: BuildOptions) => {
  const { metafile } = await build({ ...options, write: false, metafile: true });
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((path) => /node_modules\/undici\//.test(path))).toEqual([]);
});

// The goal is 30 kB. The waiting room, live policies and the events of bodies took it to 33, limits, hedging and deadlines to 37; to be cut again.
test('the one for browsers is no larger than 38 kB, minified and gzipped', async () => {
  const { outputFiles } = await build({ ...(browser as BuildOptions), minify: true, write: false });
  const bytes = outputFiles.map(({ contents }) => gzipSync(contents).byteLength);
  expect(bytes).toHaveLength(1);
  expect(bytes[0]).toBeLessThanOrEqual(38_000);
});
