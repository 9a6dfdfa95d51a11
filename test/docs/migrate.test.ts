import { expect, test } from 'vitest';
import { createFetch, PolicyError } from '../../src/index.ts';
import { type Translation, translations } from '../../src/policy/translations.ts';
import { textOf } from './pages.ts';

const code = (text: string) => `\`${text}\``;

function rowOf({ names, from, write, note }: Translation): string {
  const here = write === undefined ? 'no option' : code(write);
  return `| ${names.map(code).join(', ')} | ${from} | ${here} | ${note ?? ''} |`;
}

test("the page has the validator's own table of other libraries' names", () => {
  const table = [
    '| there | from | here | what differs |',
    '| --- | --- | --- | --- |',
    ...translations.map(rowOf),
  ].join('\n');
  const [, onPage] =
    /<!-- translations -->\n\n(.*?)\n\n<!-- \/translations -->/s.exec(textOf('docs/migrate.md')) ?? [];
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
