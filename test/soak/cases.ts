import fc from 'fast-check';
import type { FaultCase } from '../faults/fault-case.ts';
import { allCombinations } from '../faults/matrix.ts';
import { anyCase } from '../faults/random-case.ts';

/** One case in this many is from the matrix. */
const SHARE = 3;
/** From one case of the matrix to the next, so that a short run sees some of each fault. A prime, so that no case is left out. */
const STEP = 7_919;
const BATCH = 250;

/** The same seed gives the same cases. */
export function* soakCases(seed: number): Generator<FaultCase> {
  const matrix = walkMatrix();
  const drawn = drawRandom(seed);
  for (let index = 0; ; index++) {
    const next = index % SHARE === 0 ? matrix.next() : drawn.next();
    yield next.done ? drawn.next().value : next.value;
  }
}

/** Each case of the matrix once. */
export function* walkMatrix(): Generator<FaultCase, undefined> {
  const cases = [...allCombinations()];
  for (let index = 0; index < cases.length; index++) {
    const faultCase = cases[(index * STEP) % cases.length];
    if (faultCase !== undefined) yield faultCase;
  }
}

function* drawRandom(seed: number): Generator<FaultCase, never> {
  for (let batch = 0; ; batch++) {
    yield* fc.sample(anyCase, { seed: seed + batch, numRuns: BATCH });
  }
}
