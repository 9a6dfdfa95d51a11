import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { expect, test } from 'vitest';
// @ts-expect-error: the build's own script has no types
import { web } from '../../.config/web.mjs';

const options = { ...(web as BuildOptions), write: false, minify: true } as const;

test('the bundle for browsers, workers, Bun and Deno imports nothing', async () => {
  const { metafile } = await build({ ...options, metafile: true });
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((path) => /node_modules\/undici\//.test(path))).toEqual([]);
});

test('it is no larger than 30 kB, minified and gzipped', async () => {
  const { outputFiles } = await build({ ...options, write: false });
  const bytes = outputFiles.map(({ contents }) => gzipSync(contents).byteLength);
  expect(bytes).toHaveLength(1);
  expect(bytes[0]).toBeLessThanOrEqual(30_000);
});
