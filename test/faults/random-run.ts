import fc from 'fast-check';
import { expect } from 'vitest';
import { CaseRunner } from './case-runner.ts';
import { anyCase } from './random-case.ts';

/** Runs random cases, many at a time, and expects that no promise is broken and nothing is left behind. */
export async function expectNoBreach(calls: number): Promise<void> {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const runner = new CaseRunner(32);
  const failures: { faultCase: string; broken: string[] }[] = [];
  let ran = 0;
  await runner.run(fc.sample(anyCase, { numRuns: calls, seed }), ({ faultCase }, broken) => {
    ran += 1;
    if (broken.length > 0) failures.push({ faultCase: JSON.stringify(faultCase), broken });
  });
  const left = await runner.close();
  // `npm run soak -- --case '<one of these>'` runs a case again.
  expect(failures, `seed ${seed}`).toEqual([]);
  expect(left).toEqual([]);
  expect(ran).toBe(calls);
}
