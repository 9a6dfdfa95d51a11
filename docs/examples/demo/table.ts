import { plainTable } from '../../../src/tools/table.ts';
import type { Tally } from './judge.ts';
import type { Paint } from './paint.ts';

const HEAD = [
  '',
  'booked\nexactly\nonce',
  'booked\ntwice\nor more',
  'to be\nchecked\nby hand',
  'told\n"ok", not\nbooked',
  'orders\nnot\nbooked',
  'requests\nsent, in\noutage',
  'p50 / p99\nwait, ms',
];

/** The table of results, 80 columns wide. */
export function tableOf(
  results: readonly { readonly name: string; readonly tally: Tally }[],
  paint: Paint,
): string {
  const bad = (count: number) => paint(count === 0 ? 'green' : 'red', String(count));
  const rows = results.map(({ name, tally }) => [
    name,
    tally.once,
    bad(tally.twice),
    bad(tally.lostSuccess),
    bad(tally.falseSuccess),
    tally.notBooked,
    `${tally.requests}, ${tally.inOutage}`,
    `${Math.round(tally.p50)} / ${Math.round(tally.p99)}`,
  ]);
  return plainTable(HEAD, rows);
}
