import { parseArgs } from 'node:util';
import { wholeNumber } from '../../src/tools/arguments.ts';

/** The options of the benchmark. */
export interface Run {
  readonly quick: boolean;
  readonly seed: number;
  /** Rounds for each generation of processes; undefined: as many as it takes. */
  readonly rounds: number | undefined;
  /** Whether all rows of a comparison are measured in one process. */
  readonly together: boolean;
  /** Texts that the names of the measured rows contain; none: all rows. */
  readonly rows: readonly string[];
}

export const USAGE = `npm run bench -- [--quick] [--together] [--rounds N] [--seed N] [--rows text,text]
  --quick      a short run at one concurrency; leaves docs/benchmarks.md alone
  --together   all rows of a comparison in one process; leaves docs/benchmarks.md alone
  --rounds N   how often all rows take turns, there and back, in each of their processes, 1 to 100 (default 2; 3 with --quick)
  --seed N     the order in which the rows take their turns (default 1)
  --rows a,b   only rows whose name contains one of the texts; leaves docs/benchmarks.md alone`;

/** @throws {TypeError} An argument is unknown or wrong; the message names it. */
export function readArguments(args: readonly string[]): Run | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      together: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seed: { type: 'string', default: '1' },
      rows: { type: 'string', default: '' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    quick: values.quick,
    together: values.together,
    rounds: values.rounds === undefined ? undefined : wholeNumber('--rounds', values.rounds, 1, 100),
    seed: wholeNumber('--seed', values.seed, 0, 999_999_999),
    rows: values.rows.split(',').filter((text) => text !== ''),
  };
}
