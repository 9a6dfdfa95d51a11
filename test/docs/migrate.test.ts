import { expect, test } from 'vitest';
import { createFetch, PolicyError } from '../../src/index.ts';
import { translations as ofReceivers } from '../../src/once/translations.ts';
import type { Translation } from '../../src/options/translation.ts';
import { translations } from '../../src/policy/translations.ts';
import { textOf } from './pages.ts';

const code = (text: string) => `\`${text}\``;

function rowOf({ names, from, write, note }: Translation): string {
  const here = write === undefined ? 'no option' : code(write);
  return `| ${names.map(code).join(', ')} | ${from} | ${here} | ${note ?? ''} |`;
}

test.each([
  ['the validator’s own table', 'translations', translations],
  ['the same for the receiving side', 'receiving', ofReceivers],
])('the page has %s of other libraries’ names', (_which, mark, rows) => {
  const table = [
    '| there | from | here | what differs |',
    '| --- | --- | --- | --- |',
    ...rows.map(rowOf),
  ].join('\n');
  const [, onPage] =
    new RegExp(`<!-- ${mark} -->\n\n(.*?)\n\n<!-- /${mark} -->`, 's').exec(textOf('docs/migrate.md')) ?? [];
  expect(onPage).toBe(table);
});

test('a name of that table is refused, and the message says what the table says', () => {
  const refusal = (options: object) => {
    try {
      createFetch(options);
    } catch (error) {
      if (error instanceof PolicyError) return error.message;
    }
    return 'it was accepted';
  };
  expect(refusal({ retry: { maxRetries: 2 } })).toContain('retry.attempts');
  expect(refusal({ breaker: { errorThresholdPercentage: 50 } })).toContain('50 percent is 0.5');
  expect(refusal({ prefixUrl: 'https://api.example' })).toContain('URLs are given whole');
});
