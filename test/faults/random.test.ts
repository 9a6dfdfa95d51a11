import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CaseRunner } from './case-runner.ts';
import { anyCase } from './random-case.ts';

const CALLS = 960;

test('random faults under random policies break no promise', async () => {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const runner = new CaseRunner(32);
  const failures: { faultCase: string; broken: string[] }[] = [];
  const cases = fc.sample(anyCase, { numRuns: CALLS, seed });
  let ran = 0;
  await runner.run(cases, ({ faultCase }, broken) => {
    ran += 1;
    if (broken.length > 0) failures.push({ faultCase: JSON.stringify(faultCase), broken });
  });
  const left = await runner.close();
  // `npm run soak -- --case '<one of these>'` runs a case again.
  expect(failures, `seed ${seed}`).toEqual([]);
  expect(left).toEqual([]);
  expect(ran).toBe(CALLS);
}, 120_000);
