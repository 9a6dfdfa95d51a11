import { markdownTable, plainTable } from '../../src/tools/table.ts';
import type { DownloadCost } from './download.ts';
import type { ImportCost } from './imports.ts';
import type { Line, Result } from './result.ts';
import type { Spread } from './statistics.ts';

export interface Table {
  readonly title: string;
  /** The first column is text, the others are numbers. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function resultTable({ comparison, setting, lines }: Result): Table {
  return {
    title: `${comparison.title} (${setting.method}, concurrency ${setting.concurrency})`,
    head: ['', 'CPU µs', 'ratio', 'quartiles', 'more µs', 'wall µs', 'heap kB'],
    rows: lines.map((line) => [line.name, ...numbersOf(line)]),
  };
}

function numbersOf({ cpu, ratio, more, wall, bytes }: Line): string[] {
  return [
    cpu.median.toFixed(1),
    ratio.median.toFixed(2),
    quartiles(ratio),
    more.median.toFixed(1),
    wall.median.toFixed(1),
    bytes === undefined ? '' : (bytes / 1_000).toFixed(1),
  ];
}

export function downloadTable(costs: readonly DownloadCost[], bytes: number): Table {
  return {
    title: `A download of ${bytes / 2 ** 20} MiB, read by its stream`,
    head: ['', 'seconds', 'ratio', 'quartiles', 'MiB more in the second half'],
    rows: costs.map(({ name, seconds, ratio, growth }) => [
      name,
      seconds.median.toFixed(2),
      ratio.median.toFixed(2),
      quartiles(ratio),
      (growth.median / 2 ** 20).toFixed(1),
    ]),
  };
}

export function importTable(costs: readonly ImportCost[]): Table {
  return {
    title: 'Import, in a new process',
    head: ['', 'ms', 'ratio', 'quartiles'],
    rows: costs.map(({ name, time, ratio }) => [
      `import '${name}'`,
      time.median.toFixed(1),
      ratio.median.toFixed(2),
      quartiles(ratio),
    ]),
  };
}

function quartiles({ low, high }: Spread): string {
  return `${low.toFixed(2)}–${high.toFixed(2)}`;
}

export function forTerminal({ title, head, rows }: Table): string {
  return `${title}\n\n${plainTable(head, rows)}\n`;
}

export function forPage({ title, head, rows }: Table): string {
  return `#### ${title}\n\n${markdownTable(head, rows, 'right')}`;
}
