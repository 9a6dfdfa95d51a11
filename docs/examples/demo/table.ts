import Table from 'cli-table3';
import type { Tally } from './judge.ts';
import type { Paint } from './paint.ts';

const HEAD = [
  '',
  'booked\nexactly\nonce',
  'booked\ntwice\nor more',
  'told\n"failed"\nthough\nbooked',
  'told\n"ok"\nthough not\nbooked',
  'orders\nnot\nbooked',
  'requests\nsent',
  'p50 / p99\nwait, ms',
];

/** The table of results, 80 columns wide. */
export function tableOf(
  results: readonly { readonly name: string; readonly tally: Tally }[],
  paint: Paint,
): string {
  const table = new Table({
    head: HEAD,
    colAligns: ['left', ...HEAD.slice(1).map(() => 'right' as const)],
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  const bad = (count: number) => paint(count === 0 ? 'green' : 'red', String(count));
  for (const { name, tally } of results) {
    table.push([
      name,
      tally.once,
      bad(tally.twice),
      bad(tally.lostSuccess),
      bad(tally.falseSuccess),
      tally.notBooked,
      tally.requests,
      `${Math.round(tally.p50)} / ${Math.round(tally.p99)}`,
    ]);
  }
  return table.toString();
}

/** One rule under the head, and spaces. */
const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '─',
  'mid-mid': '──',
  right: '',
  'right-mid': '',
  middle: '  ',
};
