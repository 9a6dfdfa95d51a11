import type { Behaviour } from '../service.ts';
import { type Scenario, simulate } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import type { Strategy } from '../strategy.ts';
import type { World } from '../world.ts';
import { type Experiment, percent, type Sample, STEADFETCH, type Storm, whole } from './storm.ts';

/** Requests that a full quota has. */
const LIMIT = 100;
/** Milliseconds of a window, and in which an empty bucket fills up. */
const WINDOW = 10_000;
const MINUTE = 60_000;
/** Calls per second: almost a third more than the quota allows. A call waits for 18 seconds at the end of a minute. */
const RATE = 13;
const LATENCY = 50;
/** What the answers of a minute may be, by the server's quota. */
const ALLOWED = { window: (LIMIT * MINUTE) / WINDOW, bucket: LIMIT + (LIMIT * MINUTE) / WINDOW } as const;

/** Requests of the first minute that the server did, and all that it refused. */
interface Seen {
  done: number;
  refused: number;
}

type Kind = keyof typeof ALLOWED;

/** The quota of a server: takes one request, or not, and tells what is left, as its API does. */
const quotas: Record<Kind, (world: World) => () => { isTaken: boolean; headers: Record<string, string> }> = {
  /** A hundred in each ten seconds, told by the fields of the standard draft. */
  window(world) {
    let used = 0;
    let current = 0;
    return () => {
      const window = Math.floor(world.now / WINDOW);
      if (window !== current) used = 0;
      current = window;
      const isTaken = used < LIMIT;
      if (isTaken) used += 1;
      const reset = Math.ceil(((window + 1) * WINDOW - world.now) / 1_000);
      return {
        isTaken,
        headers: {
          'ratelimit-policy': `"default";q=${LIMIT};w=${WINDOW / 1_000}`,
          ratelimit: `"default";r=${LIMIT - used};t=${reset}`,
        },
      };
    };
  },
  /** Ten more each second, told as OpenAI's API does. */
  bucket(world) {
    let left = LIMIT;
    let at = 0;
    return () => {
      left = Math.min(LIMIT, left + ((world.now - at) * LIMIT) / WINDOW);
      at = world.now;
      const isTaken = left >= 1;
      if (isTaken) left -= 1;
      const full = ((LIMIT - left) * WINDOW) / LIMIT;
      return {
        isTaken,
        headers: {
          'x-ratelimit-limit-requests': `${LIMIT}`,
          'x-ratelimit-remaining-requests': `${Math.floor(left)}`,
          'x-ratelimit-reset-requests': `${Math.ceil(full)}ms`,
        },
      };
    };
  },
};

/** Refuses what exceeds its quota, as such services do: with a 429 that asks for a second. */
function limited(world: World, kind: Kind, seen: Seen): Behaviour {
  const take = quotas[kind](world);
  return () => {
    const { isTaken, headers } = take();
    if (!isTaken) seen.refused += 1;
    else if (world.now < MINUTE) seen.done += 1;
    const asks = isTaken ? {} : { 'retry-after': '1' };
    return { latency: LATENCY, status: isTaken ? 200 : 429, headers: { ...headers, ...asks } };
  };
}

const CONDITIONS = [
  { name: 'a window, one process', kind: 'window', clients: 1 },
  { name: 'a bucket, one process', kind: 'bucket', clients: 1 },
  // None of them knows of the others but by what the server tells.
  { name: 'a window, 10 processes', kind: 'window', clients: 10 },
  { name: 'a bucket, 10 processes', kind: 'bucket', clients: 10 },
] as const;

const QUOTA = `${STEADFETCH} with quota: true`;

const strategies: readonly (readonly [strategy: Strategy, seeds: number])[] = [
  [steadfetch(STEADFETCH), 20],
  [steadfetch(QUOTA, { quota: true }), 20],
];

function experiment(
  strategy: Strategy,
  seeds: number,
  { name, kind, clients }: (typeof CONDITIONS)[number],
): Experiment {
  return {
    strategy: strategy.name,
    condition: name,
    seeds,
    async run(seed): Promise<Sample> {
      const seen = { done: 0, refused: 0 };
      const scenario: Scenario = {
        behaviour: (world) => limited(world, kind, seen),
        rate: () => RATE,
        clients,
        duration: MINUTE,
      };
      const { calls, good } = await simulate(scenario, strategy, seed);
      const total = (series: readonly number[]) => series.reduce((all, one) => all + one, 0);
      const measures = {
        use: seen.done / ALLOWED[kind],
        refused: seen.refused,
        success: total(good) / total(calls),
      };
      return { measures };
    },
  };
}

/** A server that publishes a quota and refuses what exceeds it, under calls that need almost a third more. */
export const quota: Storm = {
  id: 'S',
  title: 'A quota that the server publishes',
  measures: { use: percent, refused: whole, success: percent },
  experiments: strategies.flatMap(([strategy, seeds]) =>
    CONDITIONS.map((condition) => experiment(strategy, seeds, condition)),
  ),
  thresholds: CONDITIONS.filter(({ clients }) => clients === 1).map(({ name }) => ({
    condition: name,
    strategy: QUOTA,
    claim: 'not one refusal, and at least 98 % of the quota is used, with each seed',
    holds: (samples: readonly Sample[]) =>
      samples.every(({ measures: { use = 0, refused = 1 } }) => refused === 0 && use >= 0.98),
  })),
};
