import { peers } from '../peers.ts';
import { tokenBucket } from '../published.ts';
import { queueing } from '../service.ts';
import { type Scenario, simulate } from '../simulate.ts';
import { jitteredTries, noRetry, SLOW_BACKOFF, steadfetch, timed, tries } from '../steadfetch.ts';
import type { Strategy } from '../strategy.ts';
import {
  type Experiment,
  mean,
  percent,
  type Sample,
  STEADFETCH,
  type Storm,
  sum,
  type Threshold,
  times,
} from './storm.ts';

/** Seconds. The spike lasts five. Load is counted from its beginning, and goodput long after it. */
const SPIKE = 20;
const FROM = 45;
const TO = 70;
/** A run with more goodput than this has recovered. */
const RECOVERED = 0.9;

/** A service whose latency is 1 s + 10 ms × concurrency. It is offered 40 calls/s, and 80 for five seconds. */
export function overload(clients: number): Scenario {
  return {
    behaviour: (world) => queueing(world, { latency: 1_000, capacity: 100 }),
    rate: (now) => (now >= SPIKE * 1_000 && now < (SPIKE + 5) * 1_000 ? 80 : 40),
    clients,
    duration: TO * 1_000,
    timeout: 3_000,
  };
}

const jitteredBreaker = timed('3 tries, jitter, breaker (20 in 10 s)', {
  retry: { attempts: 3, ...SLOW_BACKOFF },
  budget: false,
  breaker: { minimum: 20 },
});
const emptyBucket = tokenBucket('3 tries, 10 % bucket (0 of 10)', 3, 0.1, 0, 10);
const fullBucket = tokenBucket('3 tries, 10 % bucket (10)', 3, 0.1, 10);

/** The defaults, except for an attempt timeout that fits the service's slowest responses. */
const MEASURED = `${STEADFETCH} (attempt: 3 s)`;

const strategies: readonly Strategy[] = [
  noRetry,
  tries(3),
  jitteredTries(3),
  fullBucket,
  emptyBucket,
  jitteredBreaker,
  ...peers,
  steadfetch('steadfetch, budget alone', { breaker: false }),
  steadfetch(STEADFETCH),
  steadfetch(MEASURED, { timeout: { attempt: 3_000 } }),
];

const ALONE = 'one process';
const SPLIT = '100 processes';

/** Goodput, the share of seeds that recovered, and load, as far as they were published. */
const published: Record<string, Record<string, readonly [number, number?, number?]>> = {
  [ALONE]: {
    'no retry': [1, 1, 1],
    '3 tries': [0.15, 0.15, 2.44],
    '3 tries, full jitter': [0.3, 0.3, 2.15],
    [fullBucket.name]: [0.999, 1, 1.01],
    [jitteredBreaker.name]: [1, 1, 1.01],
  },
  [SPLIT]: {
    [fullBucket.name]: [0.26],
    [emptyBucket.name]: [0.85],
    [jitteredBreaker.name]: [0.36],
  },
};

function experiment(condition: string, clients: number, strategy: Strategy): Experiment {
  const [goodput, recovered, load] = published[condition]?.[strategy.name] ?? [];
  return {
    strategy: strategy.name,
    condition,
    seeds: 20,
    published: {
      ...(goodput !== undefined && { goodput }),
      ...(recovered !== undefined && { recovered }),
      ...(load !== undefined && { load }),
    },
    async run(seed) {
      const outcome = await simulate(overload(clients), strategy, seed);
      const goodput = sum(outcome.good, FROM, TO) / sum(outcome.calls, FROM, TO);
      const load = sum(outcome.sends, SPIKE) / sum(outcome.calls, SPIKE);
      return { measures: { goodput, recovered: goodput > RECOVERED ? 1 : 0, load }, outcome };
    },
  };
}

function thresholds(strategies: readonly string[]): Threshold[] {
  return [
    { condition: ALONE, claim: 'goodput ≥ 99 %, 20/20 recovered', least: 0.99 },
    { condition: SPLIT, claim: 'goodput ≥ 95 %, 20/20 recovered', least: 0.95 },
  ].flatMap(({ condition, claim, least }) =>
    strategies.map((strategy) => ({
      condition,
      strategy,
      claim,
      holds: (samples: readonly Sample[]) =>
        mean(samples, 'goodput') >= least && mean(samples, 'recovered') === 1,
    })),
  );
}

/** An overload that outlives its cause: retries sustain what the spike began. */
export const collapse: Storm = {
  id: 'D',
  title: 'Metastable collapse',
  trouble: { from: SPIKE, to: SPIKE + 5, name: 'spike' },
  measures: { goodput: percent, recovered: (share) => `${Math.round(20 * share)}/20`, load: times },
  experiments: [
    ...strategies.map((strategy) => experiment(ALONE, 1, strategy)),
    ...strategies.map((strategy) => experiment(SPLIT, 100, strategy)),
  ],
  thresholds: thresholds([STEADFETCH, MEASURED]),
};

const ADAPTIVE = `${STEADFETCH} with an adaptive limit`;
const limited = steadfetch(ADAPTIVE, { limit: { concurrency: 'adaptive' } });

/** The same storm for a client whose limit has to find out what the service can take. */
export const collapseUnderLimit: Storm = {
  ...collapse,
  id: 'R',
  title: 'Metastable collapse, with an adaptive limit',
  experiments: [experiment(ALONE, 1, limited), experiment(SPLIT, 100, limited)],
  thresholds: thresholds([ADAPTIVE]),
};
