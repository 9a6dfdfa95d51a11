import { expect, test } from 'vitest';
import { runRandomCases } from './random-run.ts';

const CALLS = 240;

test('random faults under random policies break no promise', async () => {
  const { seed, ran, failures, left } = await runRandomCases(CALLS);
  expect(failures, `seed ${seed}`).toEqual([]);
  expect(left).toEqual([]);
  expect(ran).toBe(CALLS);
}, 120_000);
