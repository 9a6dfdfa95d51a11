import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { rooms, violations } from './rules.ts';

const root = new URL('../..', import.meta.url).pathname;

/** A small house of its own. Inside the project, so that packages are found; ignored by git. */
function plant(files: Readonly<Record<string, string>>): string {
  mkdirSync(join(root, 'reports'), { recursive: true });
  const folder = mkdtempSync(join(root, 'reports/house-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return relative(process.cwd(), folder);
}

test('every room of src has its floor', () => {
  const strays = readdirSync(join(root, 'src')).filter((room) => !rooms.includes(room));
  expect(strays).toEqual([]);
});

test('no file of src is in a circle, and no room imports a room above it', async () => {
  expect(await violations('src')).toEqual([]);
}, 60_000);

test.each<[string, string, Record<string, string>]>([
  [
    'a circle',
    'a circle of files',
    {
      'src/call/one.ts': "import { two } from './two.ts';\nexport const one = () => two;\n",
      'src/call/two.ts': "import { one } from './one.ts';\nexport const two = () => one;\n",
    },
  ],
  [
    'a circle of types alone',
    'a circle of files',
    {
      'src/call/one.ts': "import type { Two } from './two.ts';\nexport type One = Two | 1;\n",
      'src/call/two.ts': "import type { One } from './one.ts';\nexport type Two = One | 2;\n",
    },
  ],
  [
    'an import of the room above',
    'guard looks up',
    {
      'src/guard/low.ts': "import { high } from '../call/high.ts';\nexport const low = high;\n",
      'src/call/high.ts': 'export const high = 1;\n',
    },
  ],
  [
    'an import of a type of the room above',
    'model looks up',
    {
      'src/model/low.ts': "import type { High } from '../platform/high.ts';\nexport type Low = High;\n",
      'src/platform/high.ts': 'export type High = 1;\n',
    },
  ],
  ['Node in a room for every runtime', 'Node, or undici', { 'src/call/a.ts': "import 'node:fs';\n" }],
  ['undici in a room for every runtime', 'undici outside', { 'src/fetch/a.ts': "import 'undici';\n" }],
  ['opossum in the call', 'opossum', { 'src/call/a.ts': "import 'opossum';\n" }],
  ['Node in a file for the web', 'for the web', { 'src/platform/a.web.ts': "import 'node:fs';\n" }],
])(
  'a planted violation is found: %s',
  async (_what, rule, files) => {
    const found = await violations(plant(files));
    expect(found.some((violation) => violation.includes(rule))).toBe(true);
  },
  60_000,
);

test('a house in order has none', async () => {
  const files = {
    'src/guard/low.ts': "import type { Low } from '../model/low.ts';\nexport const low: Low = 1;\n",
    'src/model/low.ts': 'export type Low = 1;\n',
  };
  expect(await violations(plant(files))).toEqual([]);
}, 60_000);
