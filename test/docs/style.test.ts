import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pages, root, textOf } from './pages.ts';

// Plain English. The spelling is checked by `npm run spell`.

/** What is not written, and what is written instead. */
const words: readonly (readonly [RegExp, string])[] = [
  [/\blaid over\b/i, 'merged over'],
  [/\b(two|three|four|idle|total|attempt) clocks?\b/i, 'timeout'],
  [/\b(is|are) lent\b/i, 'may make … first'],
  [/\bon a bad day\b/i, 'what happens then'],
  [/\bbut for what\b/i, 'except'],
  [/\bbeats an? (error|synthetic)\b/i, 'is returned instead of'],
  [/\bheld against (nobody|it|them|the)\b/i, 'counts as a failure of'],
  [/\bnpm cit\b/i, 'npm ci && npm test'],
  [/\b(simply|easily|obviously|of course|needless to say)\b/i, 'nothing'],
  [/\b(utilize|leverage|in order to|due to the fact)\b/i, 'use, to, because'],
];

/** Words in a sentence, or in what stands between two colons or semicolons. */
const LONGEST = 40;

/** Every page but the changelog, whose entries list many changes in one sentence. */
const prose = pages().filter((page) => page !== 'CHANGELOG.md');

/** Pronouns that leave it to the reader to find the noun. */
const vague: typeof words = [
  [/\b(nobody|somebody|anybody|everybody|whoever)\b/i, 'the noun: caller, server, process, …'],
];

/** All rooms of the code: their comments are in plain words. */
const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The comments of a room, as text. */
function commentsOf(room: string): string {
  const folder = join(root, 'src', room);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .flatMap((code) => [...code.matchAll(/\/\*\*.*?\*\/|(?<=^|\s)\/\/ .*?$/gms)])
    .join('\n');
}

/** The text, without code and names of tests. */
function textIn(page: string): string {
  return textOf(page)
    .replaceAll(/^---\n.*?^---\n/gms, '')
    .replaceAll(/^\s*```.*?^\s*```/gms, '')
    .replaceAll(/<!--.*?-->/gs, '')
    .replaceAll(/`[^`\n]+`/g, 'x')
    .replaceAll(/"[^"\n]+"/g, 'x');
}

function sentencesOf(page: string): string[] {
  return textIn(page)
    .split(/\n\s*\n|\n(?=[-*] |\d+\. |#|\|)/)
    .filter((paragraph) => !paragraph.startsWith('|'))
    .flatMap((paragraph) => paragraph.replaceAll(/\s+/g, ' ').split(/(?<=[.!?:;])["*_)]*\s/));
}

const avoided = (text: string, list = words) =>
  list.flatMap(([word, instead]) => {
    const found = word.exec(text);
    return found === null ? [] : [`"${found[0]}": write ${instead}`];
  });

test.each(prose)('%s is in plain words', (page) => {
  expect(avoided(textIn(page))).toEqual([]);
});

test.each(prose)(`%s has no sentence of more than ${LONGEST} words`, (page) => {
  const long = sentencesOf(page).filter((sentence) => sentence.split(' ').length > LONGEST);
  expect(long).toEqual([]);
});

test.each(rooms)('the comments in src/%s are in plain words', (room) => {
  const text = commentsOf(room);
  expect(text).not.toBe('');
  expect(avoided(text, [...words, ...vague])).toEqual([]);
});

test('what is looked for is found', () => {
  expect(avoided('The rule is laid over the rest.')).toEqual(['"laid over": write merged over']);
  expect(avoided('Nobody waits.', vague)).toHaveLength(1);
  expect(commentsOf('tools')).toContain('// No table package');
});
