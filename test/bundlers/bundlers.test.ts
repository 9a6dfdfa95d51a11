import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectCharge } from './expect-charge.ts';
import { command, here, NODES, node, packaged } from './nodes.ts';

interface Bundler {
  /** Makes the bundle; its arguments are those of a user. */
  readonly build: (folder: string) => Promise<unknown>;
  /** Where it is then. */
  readonly file: string;
}

/** undici has `require` in it, which ESM has not. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const bundlers: Record<string, Bundler> = {
  'esbuild, CommonJS': esbuild('cjs', 'main.cjs'),
  'esbuild, ESM': esbuild('esm', 'main.mjs', `--banner:js=${REQUIRE}`),
  'rollup, CommonJS': rollup('cjs', 'main.cjs'),
  'rollup, ESM': rollup('es', 'main.mjs'),
  webpack: { build: (folder) => node(['webpack.js', folder]), file: 'main.cjs' },
  'Vite, for a server': {
    build: (folder) => node([packaged('vite/bin/vite.js'), 'build', '--outDir', folder, '--emptyOutDir']),
    file: 'main.js',
  },
  '@vercel/ncc': {
    build: (folder) => node([packaged('@vercel/ncc/dist/ncc/cli.js'), 'build', 'app/main.js', '-o', folder]),
    file: 'index.js',
  },
};

describe.each(Object.entries(bundlers))('bundled by %s', (_name, { build, file }) => {
  let folder = '';
  beforeAll(async () => {
    // Far from any node_modules: what is not in the bundle is not there.
    folder = await mkdtemp(join(tmpdir(), 'steadfetch-bundle-'));
    await build(folder);
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(NODES)('a rule for an endpoint lets a call succeed, under one key, on Node %s', async (on) => {
    await expectCharge(async (origin) =>
      JSON.parse(await node([join(folder, file), origin], { on, cwd: folder })),
    );
  });
});

function esbuild(format: string, file: string, ...more: string[]): Bundler {
  const args = ['app/main.js', '--bundle', '--platform=node', `--format=${format}`, ...more];
  // A program of its own, not one of Node's.
  const bin = packaged('esbuild/bin/esbuild');
  return { build: (folder) => command(bin, [...args, `--outfile=${join(folder, file)}`]), file };
}

function rollup(format: string, file: string): Bundler {
  const args = [packaged('rollup/dist/bin/rollup'), '-c', join(here, 'rollup.config.js'), '--format', format];
  return { build: (folder) => node([...args, '--file', join(folder, file)]), file };
}
