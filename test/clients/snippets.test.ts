import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
/** Beside node_modules, so that imports find the SDKs; ignored by git, as every `reports`. */
const folder = join(import.meta.dirname, 'reports/snippets');

test('every snippet of docs/sdks.md type-checks against the SDKs themselves', () => {
  const page = readFileSync(join(root, 'docs/sdks.md'), 'utf8');
  const snippets = [...page.matchAll(/^```ts apart\n(.*?)^```$/gms)];
  expect(snippets.length).toBeGreaterThan(3);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [i, [, text]] of snippets.entries()) writeFileSync(join(folder, `snippet-${i}.ts`), text ?? '');
  const settings = {
    // Nothing of this repository: the types are those of the packed package.
    compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, target: 'es2022', module: 'nodenext' },
    include: ['.'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  let complaints = '';
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      encoding: 'utf8',
    });
  } catch (error) {
    complaints = String(Reflect.get(error as object, 'stdout'));
  }
  expect(complaints).toBe('');
}, 120_000);
