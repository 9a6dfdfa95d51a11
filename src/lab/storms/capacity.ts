import { loop } from '../handwritten.ts';
import type { Behaviour } from '../service.ts';
import { type Detail, observe, type Scenario } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import type { Strategy } from '../strategy.ts';
import type { World } from '../world.ts';
import { type Experiment, mean, percent, type Sample, STEADFETCH, type Storm, times } from './storm.ts';

/** Requests per second that the service can do, one after the other for `PHASE` milliseconds. */
const CAPACITIES = [100, 50, 100, 200, 100];
const PHASE = 15_000;
/** Goodput is looked at from this many milliseconds after each change. */
const SETTLED = 5_000;
/** Calls per second that all processes together make: always more than the service can do. */
const RATE = 220;
/** Milliseconds that a request takes besides its work, and the work that the service lets wait at most. */
const LATENCY = 100;
const BACKLOG = 100;
/** What a refusal costs, as a share of a request. */
const REFUSAL = 0.2;
/** No two requests are equal: a request's latency is off by up to this share, evenly. */
const SPREAD = 0.45;

function capacityAt(now: number): number {
  return CAPACITIES[Math.min(Math.floor(now / PHASE), CAPACITIES.length - 1)] ?? 0;
}

/** Does one request after the other, and refuses what would wait for longer than `BACKLOG`. */
function refusing(world: World): Behaviour {
  let free = 0;
  return () => {
    const work = 1_000 / capacityAt(world.now);
    const at = Math.max(free, world.now);
    const isFull = at - world.now > BACKLOG;
    free = at + (isFull ? REFUSAL * work : work);
    return isFull ? { latency: 5, status: 503 } : { latency: free - world.now + LATENCY, status: 200 };
  };
}

/** Takes everything, and gets slower with each request that it has in hand. */
function slowing(world: World): Behaviour {
  return (busy) => {
    const mean = 10 + (busy * 1_000) / capacityAt(world.now);
    return { latency: mean * (1 + SPREAD * (2 * world.noise.next() - 1)), status: 200 };
  };
}

const KINDS = [
  { name: 'refuses', behaviour: refusing },
  { name: 'slows down', behaviour: slowing },
];
const FLEETS = [{ name: 'one process', clients: 1 }];
const CONDITIONS = KINDS.flatMap(({ name, behaviour }) =>
  FLEETS.map((fleet) => ({ name: `${name}, ${fleet.name}`, behaviour, clients: fleet.clients })),
);

const timeout = { attempt: 1_000 };
/** A queue that is worked off in a second or less. */
const queue = 50;
const ADAPTIVE = `${STEADFETCH} with an adaptive limit`;

const strategies: readonly (readonly [strategy: Strategy, seeds: number])[] = [
  [loop, 2],
  [steadfetch(STEADFETCH, { timeout }), 2],
  // What suits the capacity at the beginning.
  [steadfetch(`${STEADFETCH} with limit 20`, { timeout, limit: { concurrency: 20, queue } }), 2],
  [steadfetch(ADAPTIVE, { timeout, limit: { concurrency: 'adaptive', queue } }), 20],
];

/** Good answers per second, as a share of the capacity, in each phase once it has settled. */
function measuresOf({ made, sent }: Detail): Record<string, number> {
  const goodput = CAPACITIES.map((capacity, phase) => {
    const from = phase * PHASE + SETTLED;
    const to = (phase + 1) * PHASE;
    const good = made.filter((one) => one.good && one.began + one.took >= from && one.began + one.took < to);
    return good.length / ((capacity * (to - from)) / 1_000);
  });
  const [, halved = 0, back = 0, doubled = 0, again = 0] = goodput;
  return { halved, back, doubled, again, load: sent.length / made.length };
}

function experiment(strategy: Strategy, seeds: number, condition: (typeof CONDITIONS)[number]): Experiment {
  const { name, behaviour, clients } = condition;
  const scenario: Scenario = {
    behaviour,
    rate: () => RATE,
    clients,
    duration: CAPACITIES.length * PHASE,
    timeout: timeout.attempt,
  };
  return {
    strategy: strategy.name,
    condition: name,
    seeds,
    async run(seed): Promise<Sample> {
      return { measures: measuresOf(await observe(scenario, strategy, seed)) };
    },
  };
}

/** A service whose capacity halves and doubles under a load that it can never do. */
export const capacity: Storm = {
  id: 'Q',
  title: 'A capacity that halves and doubles',
  measures: { halved: percent, back: percent, doubled: percent, again: percent, load: times },
  experiments: strategies.flatMap(([strategy, seeds]) =>
    CONDITIONS.map((condition) => experiment(strategy, seeds, condition)),
  ),
  thresholds: CONDITIONS.flatMap(({ name }) =>
    ['halved', 'back', 'doubled', 'again'].map((change) => ({
      condition: name,
      strategy: ADAPTIVE,
      claim: `${change}: goodput ≥ 95 % of the capacity from 5 s after the change`,
      holds: (samples: readonly Sample[]) => mean(samples, change) >= 0.95,
    })),
  ),
};
