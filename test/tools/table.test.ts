import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { markdownTable, plainTable } from '../../src/tools/table.ts';

test('a table for a terminal has its numbers under each other, and no spaces at the end of a line', () => {
  expect(
    plainTable(
      ['', 'booked\ntwice'],
      [
        ['a', 5],
        ['bcd', 1_000],
      ],
    ),
  ).toBe(
    '     booked\n      twice\n───────────\na         5\nbcd    1000', // prettier
  );
});

test('a colour takes no room', () => {
  const red = styleText('red', '5');
  const [plain, coloured] = ['5', red].map((cell) => plainTable(['', 'n'], [['a', cell]]));
  expect(coloured).toBe(plain?.replace('5', red));
});

test('a table for a page is Markdown, and its columns stand under each other', () => {
  expect(markdownTable(['', 'ms'], [['fetch', '1.5']])).toBe(
    '|       | ms  |\n| ----- | --- |\n| fetch | 1.5 |',
  );
  expect(markdownTable(['', 'ms'], [['fetch', 10]], 'right')).toBe(
    '|       | ms |\n| ----- | -: |\n| fetch | 10 |',
  );
});
