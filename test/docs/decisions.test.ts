import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../docs/decisions.md', import.meta.url), 'utf8');
const entries = page.split('\n\n').filter((paragraph) => paragraph.startsWith('**'));
const numbers = entries.map((entry) => Number(/^\*\*(\d+)\. /.exec(entry)?.[1]));

test('every decision has a number of its own', () => {
  const next = Math.max(...numbers.filter((number) => number > 0)) + 1;
  const without = entries.filter((_, index) => !numbers[index]).map((entry) => entry.split('\n')[0]);
  expect(without, `the next free number is ${next}`).toEqual([]);
  const twice = numbers.filter((number, index) => numbers.indexOf(number) !== index);
  expect(twice, `the next free number is ${next}`).toEqual([]);
});

test('every decision says when it was written', () => {
  expect(entries.filter((entry) => !/\*\(\d{4}-\d\d-\d\d\)\*\s*$/.test(entry))).toEqual([]);
});
