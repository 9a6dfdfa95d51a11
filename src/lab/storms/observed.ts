import { type Detail, observe, type Scenario } from '../simulate.ts';
import type { Strategy } from '../strategy.ts';
import type { Experiment } from './storm.ts';

/** What a strategy meets. */
export interface Condition {
  readonly name: string;
  readonly scenario: Scenario;
}

/** One experiment for each condition, measured call by call. */
export function observed<C extends Condition>(
  conditions: readonly C[],
  strategy: Strategy,
  seeds: number,
  measuresOf: (detail: Detail, condition: C) => Record<string, number>,
): Experiment[] {
  return conditions.map((condition) => ({
    strategy: strategy.name,
    condition: condition.name,
    seeds,
    run: async (seed) => ({
      measures: measuresOf(await observe(condition.scenario, strategy, seed), condition),
    }),
  }));
}
