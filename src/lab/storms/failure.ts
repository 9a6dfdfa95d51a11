import { peers } from '../peers.ts';
import { retryBreaker, tokenBucket } from '../published.ts';
import { unreliable } from '../service.ts';
import { type Scenario, simulate } from '../simulate.ts';
import { jitteredTries, noRetry, steadfetch } from '../steadfetch.ts';
import type { Strategy } from '../strategy.ts';
import {
  type Experiment,
  mean,
  percent,
  STEADFETCH,
  type Storm,
  sum,
  type Threshold,
  times,
} from './storm.ts';

/**
 * The number of clients of other designs. Clients do not affect each other in this storm, so a few are enough to compare with.
 */
const FEW = 20;
/** The latency of every response, good or bad, in milliseconds. */
const LATENCY = 50;
const BUDGET_ALONE = 'steadfetch, budget alone';
const OUTAGE = 'p = 100 %';
const FLEET = '1,000 clients, p = 50 %';

function scenario(failure: number, clients: number, rate: number): Scenario {
  return {
    behaviour: (world) => unreliable(world, failure, LATENCY),
    rate: () => rate,
    clients,
    duration: 30_000,
    timeout: 2_000,
  };
}

/** Ten calls per second and client; or a thousand clients with a hundred calls per second together. */
function conditions(clients: number): Record<string, Scenario> {
  return {
    'p = 5 %': scenario(0.05, clients, 10 * clients),
    'p = 20 %': scenario(0.2, clients, 10 * clients),
    'p = 50 %': scenario(0.5, clients, 10 * clients),
    [OUTAGE]: scenario(1, clients, 10 * clients),
    [FLEET]: scenario(0.5, 1_000, 100),
  };
}

const bucket = tokenBucket('4 tries, 10 % bucket (5)', 4, 0.1, 5);

/** Success and load, in the order of the conditions. */
const published: Record<string, readonly (readonly [number | undefined, number])[]> = {
  'no retry': [
    [0.95, 1],
    [0.799, 1],
    [0.504, 1],
    [0, 1],
  ],
  '4 tries, full jitter': [
    [1, 1.05],
    [0.999, 1.25],
    [0.938, 1.88],
    [0, 4],
  ],
  [bucket.name]: [
    [1, 1.05],
    [0.893, 1.11],
    [0.558, 1.11],
    [0, 1.11],
    [undefined, 1.78],
  ],
  'retry breaker at 10 %': [
    [0.996, 1.05],
    [0.803, 1],
    [0.506, 1],
    [0, 1],
  ],
};

function experiments(strategy: Strategy, clients: number, seeds: number): Experiment[] {
  return Object.entries(conditions(clients)).map(([condition, scene], column) => {
    const [success, load] = published[strategy.name]?.[column] ?? [];
    return {
      strategy: strategy.name,
      condition,
      seeds,
      published: { ...(success !== undefined && { success }), ...(load !== undefined && { load }) },
      async run(seed) {
        const outcome = await simulate(scene, strategy, seed);
        const calls = sum(outcome.calls);
        return { measures: { success: sum(outcome.good) / calls, load: sum(outcome.sends) / calls } };
      },
    };
  });
}

function bar(
  condition: string,
  claim: string,
  success: number,
  load: number,
  strategy = STEADFETCH,
): Threshold {
  return {
    condition,
    strategy,
    claim,
    holds: (samples) => mean(samples, 'success') >= success && mean(samples, 'load') <= load,
  };
}

/** Many clients in an open loop. Every attempt fails with the same probability. */
export const failure: Storm = {
  id: 'B',
  title: 'Random failure',
  measures: { success: percent, load: times },
  experiments: [
    ...[noRetry, jitteredTries(4), bucket, retryBreaker('retry breaker at 10 %', 4, 0.1), ...peers].flatMap(
      (strategy) => experiments(strategy, FEW, 1),
    ),
    ...experiments(steadfetch(BUDGET_ALONE, { breaker: false }), FEW, 20),
    ...experiments(steadfetch(STEADFETCH), 100, 20),
  ],
  thresholds: [
    bar('p = 5 %', 'success ≥ 99.9 % at a load ≤ 1.06', 0.999, 1.06),
    bar('p = 20 %', 'success ≥ 99 % at a load ≤ 1.25', 0.99, 1.25),
    bar(OUTAGE, 'load ≤ 1.05', 0, 1.05),
    bar(OUTAGE, 'load ≤ 1.22 with the budget alone', 0, 1.22, BUDGET_ALONE),
  ],
};
