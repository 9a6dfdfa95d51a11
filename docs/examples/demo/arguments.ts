import { parseArgs } from 'node:util';
import { wholeNumber } from '../../../src/tools/arguments.ts';

/** The options of the demo. */
export interface Run {
  readonly seed: number;
  readonly orders: number;
}

export const USAGE = `npm run demo -- [--seed N] [--orders N]
  --seed N    which faults strike which requests (default 1)
  --orders N  how many orders each client sends, 1 to 1000 (default 500)`;

/** @throws {TypeError} An argument is unknown or wrong. The message names the argument. */
export function readArguments(args: readonly string[]): Run | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      orders: { type: 'string', default: '500' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    seed: wholeNumber('--seed', values.seed, 0),
    orders: wholeNumber('--orders', values.orders, 1, 1_000),
  };
}
