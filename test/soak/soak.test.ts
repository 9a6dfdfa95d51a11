import { describe, expect, it } from 'vitest';
import type { FaultCase } from '../faults/fault-case.ts';
import { allCombinations } from '../faults/matrix.ts';
import { readArguments } from './arguments.ts';
import { soakCases, walkMatrix } from './cases.ts';

function first(count: number, seed: number): FaultCase[] {
  const cases = soakCases(seed);
  return Array.from({ length: count }, () => cases.next().value);
}

describe('the cases', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(first(500, 7)).toEqual(first(500, 7));
    expect(first(500, 7)).not.toEqual(first(500, 8));
  });

  it('hold the whole matrix, each case of it once, in 50,000 calls', () => {
    const text = (cases: Iterable<FaultCase>) => Array.from(cases, (faultCase) => JSON.stringify(faultCase));
    expect(new Set(text(walkMatrix()))).toEqual(new Set(text(allCombinations())));
    const matrix = new Set(text(allCombinations()));
    const share = text(first(300, 1)).filter((faultCase) => matrix.has(faultCase)).length;
    expect((share / 300) * 50_000).toBeGreaterThanOrEqual(matrix.size);
  });
});

describe('the arguments', () => {
  const read = (...args: string[]) => readArguments(args, () => 42);

  it('have defaults, and a new seed each time', () => {
    expect(read()).toEqual({ calls: 50_000, seed: 42, minutes: 30, concurrency: 32, faultCase: undefined });
  });

  it('take a seed and a case that was printed', () => {
    const [faultCase] = first(1, 1);
    expect(read('--seed', '7', '--case', JSON.stringify(faultCase))).toMatchObject({ seed: 7, faultCase });
  });

  it.each([
    [['--calls', '0'], '--calls must be a whole number from 1, got 0'],
    [['--calls', 'many'], '--calls must be a whole number from 1, got many'],
    [['--seed', '1.5'], '--seed must be a whole number from 0, got 1.5'],
    [['--case', '{'], 'JSON'],
    [['--call', '1'], "Unknown option '--call'"],
  ])('%j: refused with "%s"', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });
});
