import { parseArgs } from 'node:util';
import { wholeNumber } from '../../src/tools/arguments.ts';
import type { FaultCase } from '../faults/fault-case.ts';

/** What the soak command was asked to do. */
export interface SoakArguments {
  readonly calls: number;
  readonly seed: number;
  readonly minutes: number;
  readonly concurrency: number;
  /** Run only this one. */
  readonly faultCase: FaultCase | undefined;
}

export const usage = `npm run soak -- [--calls 50000] [--seed <number>] [--minutes 30] [--concurrency 32] [--case <json>]

Makes calls through faults over loopback and checks every promise for each of them. Exits 1 if one was broken, or if
the time was up before all calls were made.

  --calls        how many calls; a third of them walk through the fault matrix, the others are random
  --seed         of the random ones; by default a new one each time, which is printed
  --minutes      the longest time that the run may take
  --concurrency  how many calls are made at a time
  --case         makes one call again, as it was printed when it broke a promise
`;

/** @throws {TypeError} What was asked makes no sense. */
export function readArguments(args: readonly string[], randomSeed: () => number): SoakArguments {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { calls: text, seed: text, minutes: text, concurrency: text, case: text },
  });
  return {
    calls: wholeNumber('--calls', values.calls ?? '50000', 1),
    seed: values.seed === undefined ? randomSeed() : wholeNumber('--seed', values.seed, 0),
    minutes: wholeNumber('--minutes', values.minutes ?? '30', 1),
    concurrency: wholeNumber('--concurrency', values.concurrency ?? '32', 1),
    faultCase: values.case === undefined ? undefined : (JSON.parse(values.case) as FaultCase),
  };
}
