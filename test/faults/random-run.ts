import fc from 'fast-check';
import { CaseRunner } from './case-runner.ts';
import { anyCase } from './random-case.ts';

/** What came of random cases. */
export interface RandomRun {
  /** With it, the same cases are drawn again. */
  readonly seed: number;
  readonly ran: number;
  /** `npm run soak -- --case '<one of these>'` runs a case again. */
  readonly failures: readonly { readonly faultCase: string; readonly broken: readonly string[] }[];
  /** What the cases left behind in the process. */
  readonly left: readonly string[];
}

/** Draws so many random cases and runs them, many at a time. */
export async function runRandomCases(calls: number): Promise<RandomRun> {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const runner = new CaseRunner(32);
  const failures: { faultCase: string; broken: string[] }[] = [];
  let ran = 0;
  await runner.run(fc.sample(anyCase, { numRuns: calls, seed }), ({ faultCase }, broken) => {
    ran += 1;
    if (broken.length > 0) failures.push({ faultCase: JSON.stringify(faultCase), broken });
  });
  return { seed, ran, failures, left: await runner.close() };
}
