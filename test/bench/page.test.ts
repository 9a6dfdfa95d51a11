import { expect, test } from 'vitest';
import { withResults } from './page.ts';

const around = { command: 'npm run bench -- --seed 1', facts: ['Date: 2026-01-01'] };
const table = (cell: string) => ({ title: 'Success', head: ['', 'CPU µs'], rows: [['fetch', cell]] });

test('the first run adds its results to the end of the page', () => {
  const page = withResults('# What it costs\n', around, [table('1')]);
  expect(page).toMatch(/^# What it costs\n\n<!-- written by npm run bench: Node \d+ -->\n### Node \d+\n/);
  expect(page).toContain('`npm run bench -- --seed 1`\n\n- Date: 2026-01-01\n');
  expect(page).toContain('|       | CPU µs |\n| ----- | -----: |\n| fetch |      1 |\n');
});

test('another run takes the place of the one before, and leaves the rest of the page as it was', () => {
  const first = `${withResults('# Before\n', around, [table('1')])}# After\n`;
  const second = withResults(first, around, [table('2')]);
  expect(second).toBe(first.replace('| fetch |      1 |', '| fetch |      2 |'));
});

test('another version of Node has results of its own, which stay', () => {
  const other = '<!-- written by npm run bench: Node 1 -->\nold\n<!-- end: Node 1 -->\n';
  expect(withResults(other, around, [table('1')])).toContain(other.trimEnd());
});
