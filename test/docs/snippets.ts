import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pages, root, textOf } from './pages.ts';

/** Inside the project, so that imports find its packages; ignored by git. */
const folder = join(root, 'reports/snippets');

/** A piece of TypeScript from the docs. */
export interface Snippet {
  /** Where it stands, such as `README.md:42`. */
  readonly place: string;
  /** Where a copy of it stands as a module. */
  readonly file: string;
  /** Marked as ```ts run. */
  readonly runs: boolean;
}

/** Every fenced `ts` block of the pages, each written to a module of its own. */
export function writeSnippets(): Snippet[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // What a page tells to copy is beside its snippets.
  for (const example of ['telemetry/prometheus.ts', 'telemetry/logs.ts', 'watch-policy/watch-policy.ts'])
    copyFileSync(join(root, 'docs/examples', example), join(folder, basename(example)));
  const snippets = pages().flatMap(fromPage);
  const settings = {
    extends: '../../tsconfig.json',
    compilerOptions: { noUnusedLocals: false },
    include: ['.', '../../test/docs/ambient.d.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  return snippets;
}

function fromPage(page: string): Snippet[] {
  const text = textOf(page);
  return [...text.matchAll(/^```ts( run)?\n(.*?)^```$/gms)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    const file = join(folder, `${page.replaceAll(/\W/g, '-')}-${line}.ts`);
    // `export {}`: each is a module, so that two may use the same names.
    writeFileSync(file, `${match[2]}\nexport {};\n`);
    return { place: `${page}:${line}`, file, runs: match[1] !== undefined };
  });
}
