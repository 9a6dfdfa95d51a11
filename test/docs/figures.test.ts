import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { figuresWithoutCommand } from './figures.ts';
import { pages, root, textOf } from './pages.ts';

// A figure in the docs names the command that prints it, or a test that checks it.

/** Numbers that look measured and are not. Each says where it stands, how it begins, and what it is. */
const settings: readonly (readonly [page: string, heading: string, figure: string, what: string])[] = [
  ['README.md', 'Defaults', '2.7 s', 'a default, checked by defaults.test.ts'],
  ['README.md', 'Defaults', '80 %', 'a default, checked by defaults.test.ts'],
  ['README.md', 'Defaults', '0.5 s', 'a default, checked by defaults.test.ts'],
  ['docs/dialects.md', 'The dialects', '| 255 | 255 ', 'a limit of each dialect'],
  ['docs/dialects.md', 'The dialects', '| 409 | 409 ', 'statuses'],
  ['docs/dialects.md', 'The dialects', '| 422 | 422 ', 'statuses'],
  ['docs/dialects.md', 'What each service does', '| 409 | 422 ', 'statuses'],
  ['docs/hedging.md', 'Hedging: a second request beside a late one', '95 of 100', 'what p95 means'],
  ['docs/migrate.md', 'opossum', '0.5 s', 'a default'],
  ['docs/storms.md', 'What the client does about it', '80 %', 'a default'],
  ['docs/storms.md', 'What the client does about it', '1.3 times', 'a setting: the pace of what waited'],
  ['docs/storms.md', 'What happens to my call when …', '1.3 times', 'a setting: the pace of what waited'],
  [
    'docs/storms.md',
    'What happens to my call when …',
    '2.5 s',
    'a setting: how long a call waits for a place',
  ],
];

/**
 * The parts of a page in which a command has to stand. A decision is a paragraph, and may name the storm of docs/storms.md that it
 * is about, because each of these names its command.
 */
function partsOf(page: string): string[] {
  if (page !== 'docs/decisions.md') return [textOf(page)];
  return textOf(page)
    .split('\n\n')
    .filter((paragraph) => !/\bstorms? [A-Z]\b/.test(paragraph));
}

const isSetting = (page: string, heading: string, figure: string) =>
  settings.some((entry) => entry[0] === page && entry[1] === heading && entry[2] === figure);

// The changelog says what changed; the figure stands on the page that it names.
const read = pages().filter((page) => page !== 'CHANGELOG.md');

test.each(read)('%s names a command in each part that has a figure', (page) => {
  const found = partsOf(page).flatMap(figuresWithoutCommand);
  const without = found.filter(({ heading, figure }) => !isSetting(page, heading, figure));
  expect(without.map(({ heading, figure, line }) => `${heading}: "${figure}" in "${line}"`)).toEqual([]);
});

test.each(settings)('%s, "%s": %s is a setting and still there', (page, heading, figure) => {
  const found = partsOf(page).flatMap(figuresWithoutCommand);
  expect(found).toContainEqual(expect.objectContaining({ heading, figure }));
});

test.each(read)('every command that %s names exists', (page) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const text = textOf(page);
  const runs = [...text.matchAll(/npm run ([a-z:]*[a-z])/g)].map(([, name = '']) => name);
  expect(runs.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  const tests = [...text.matchAll(/npx vitest run((?: (?:--mode \w+|test\/[\w/.-]+))+)/g)];
  const files = tests.flatMap(([, paths = '']) => paths.match(/test\/[\w/-]+(\.slow)?/g) ?? []);
  expect(files.filter((file) => !startsAFile(file))).toEqual([]);
});

/** vitest takes the beginning of a path. */
function startsAFile(path: string): boolean {
  return ['', '.ts', '.test.ts', '.slow.test.ts', '.slow.ts'].some((end) =>
    existsSync(join(root, path + end)),
  );
}

describe('what is found', () => {
  const FIGURES = [
    'It costs 3 % more.',
    'It is 2.5 × as fast.',
    'It takes 1.20 µs.',
    'It takes 0.86 ms.',
    '497 of 500 orders were booked.',
    'The bundle has 37 kB.',
    'It makes 5,676 replays a second.',
    'It was done in 173 seconds.',
    '| once | 1.44 | 1.38 |',
  ];

  test.each(FIGURES)('%s', (line) => {
    expect(figuresWithoutCommand(`# Page\n\n## Part\n\n${line}\n`)).toEqual([
      expect.objectContaining({ heading: 'Part', line }),
    ]);
    expect(figuresWithoutCommand(`# Page\n\n## Part\n\n${line} \`npm run bench\` prints it.\n`)).toEqual([]);
    expect(
      figuresWithoutCommand(`# Page\n\n## Part\n\n\`test/a.test.ts\` checks it.\n\n### Below\n\n${line}\n`),
    ).toEqual([]);
    expect(
      figuresWithoutCommand(`# Page\n\n## Part\n\n\`\`\`sh\nnpm run bench\n\`\`\`\n\n${line}\n`),
    ).toEqual([]);
  });

  test('not a command at the top of the page, and not one in the part before', () => {
    const text = '# Page\n\n`npm run lab`\n\n## One\n\n`npm run bench`\n\n## Two\n\nIt costs 3 % more.\n';
    expect(figuresWithoutCommand(text)).toHaveLength(1);
  });

  test.each(['RFC 9110', 'a body of 64 KiB', 'at most 30 s', 'the status 503', '`random() × 3`', 'HTTP/2'])(
    'not %s',
    (text) => {
      expect(figuresWithoutCommand(`# Page\n\n## Part\n\nThis is ${text}.\n`)).toEqual([]);
    },
  );
});
