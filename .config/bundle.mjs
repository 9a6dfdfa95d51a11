import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { sourceOf, subpaths } from './subpaths.mjs';
import { browser, web } from './web.mjs';

// One file per entry point, and shared chunks: opening sixty files took half of the time of `import 'steadfetch'`.

const { bin } = JSON.parse(await readFile('package.json', 'utf8'));
const sources = [...subpaths.map(([, source]) => source), ...Object.values(bin).map(sourceOf)];
// A program of its own, which the lab starts.
sources.push('src/lab/worker.ts');

// This module must run before undici, but esbuild hoists imports of packages. So it is imported as a package, too.
const NODES_OWN = 'src/transport/undici/nodes-own.ts';
sources.push(NODES_OWN);
const beforeUndici = {
  name: 'before-undici',
  setup(build) {
    build.onResolve({ filter: /\/nodes-own\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: '#nodes-own', external: true },
    );
  },
};

const uuid = import.meta.resolve('uuid');

await build({
  entryPoints: sources,
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  packages: 'external',
  // An alias to a path is not a package import, so uuid alone is bundled. docs/decisions.md says why.
  plugins: [beforeUndici],
  alias: { uuid: fileURLToPath(uuid) },
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: true,
  sourcesContent: false,
});
await copyFile(new URL('../LICENSE.md', uuid), 'dist/uuid-LICENSE.md');

// The page of `steadfetch watch`, as it is served.
const page = await build({
  entryPoints: ['src/watch/page/page.ts'],
  outdir: 'dist/watch/page',
  bundle: true,
  minify: true,
  metafile: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
});
await copyFile('src/watch/page/index.html', 'dist/watch/page/index.html');
await writeFile('dist/watch/page/LICENSES.txt', await licences(Object.keys(page.metafile.inputs)));

// The policy schema is made from the validator's own checks, so the build runs that code.
const { outputFiles } = await build({
  stdin: { contents: "export * from './src/policy/json-schema.ts'", resolveDir: '.' },
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
});
const { policySchema } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);
await writeFile('dist/policy.schema.json', `${JSON.stringify(policySchema(), undefined, 2)}\n`);

const alone = await Promise.all(
  [web, browser].map((options) => build({ ...options, sourcemap: true, sourcesContent: false })),
);
const bundled = alone.flatMap(({ metafile }) => Object.keys(metafile.inputs));
await writeFile('dist/web.LICENSES.txt', await licences(bundled));

/** The licences of the packages inside the bundles. */
async function licences(inputs) {
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const texts = [...folders].sort().map(async (folder) => {
    const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} is bundled, but has no licence`);
    const name = folder.replace(/^.*node_modules\//, '');
    return `${name}\n\n${await readFile(`${folder}/${file}`, 'utf8')}`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}
