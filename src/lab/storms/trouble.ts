import { bareFetch, loop } from '../handwritten.ts';
import type { Behaviour } from '../service.ts';
import type { Scenario } from '../simulate.ts';
import type { World } from '../world.ts';
import { mean, type Threshold } from './storm.ts';
import { atLeast, type Condition, RATE, storm, success, threshold } from './stretch.ts';

const atLeastLoop = atLeast(loop, 'the loop’s');

const FLEETS = [
  { clients: 1, fleet: 'one process' },
  { clients: 100, fleet: '100 processes' },
];

/** A random value within 30 % of the mean on each side, uniformly distributed. */
const spread = (world: World, mean: number): number => mean * (0.7 + 0.6 * world.noise.next());

/** Five seconds of 503s. Then the capacity is half of what is needed, and grows. */
const cold = (world: World): Behaviour => {
  const from = 15_000;
  const back = 20_000;
  return (busy) => {
    if (world.now >= from && world.now < back) return { latency: 5, status: 503 };
    if (world.now < back) return { latency: 20, status: 200 };
    const capacity = RATE * Math.min(4, 0.5 + (world.now - back) / 5_000);
    return { latency: spread(world, 20 + (busy * 1_000) / capacity), status: 200 };
  };
};

export const coldRecovery = storm(
  'K',
  'Cold recovery',
  FLEETS.map(({ clients, fleet }) => ({
    name: fleet,
    scenario: { behaviour: cold, rate: () => RATE, clients, duration: 45_000, timeout: 3_000 },
    from: 20_000,
    to: 40_000,
  })),
  [
    ...FLEETS.map(({ fleet }) => atLeastLoop(fleet)),
    success('one process', 0.99),
    success('100 processes', 0.99),
  ],
);

/** For twenty seconds responses take five times as long, and three in ten fail. */
const brown = (world: World): Behaviour => {
  return () => {
    const isBrown = world.now >= 15_000 && world.now < 35_000;
    if (!isBrown) return { latency: spread(world, 200), status: 200 };
    return { latency: spread(world, 1_000), status: world.noise.next() < 0.3 ? 503 : 200 };
  };
};

export const brownOut = storm(
  'L',
  'Brown-out',
  FLEETS.map(({ clients, fleet }) => ({
    name: fleet,
    scenario: { behaviour: brown, rate: () => RATE, clients, duration: 45_000, timeout: 3_000 },
    from: 15_000,
    to: 35_000,
  })),
  FLEETS.map(({ fleet }) => atLeastLoop(fleet)),
);

/** Does fifty requests per second, lets ten wait, and sheds the rest with a 503 that costs a share of a request. */
function sheddingBy(cost: number): Scenario['behaviour'] {
  const WORK = 20;
  return (world) => {
    let free = 0;
    return () => {
      const at = Math.max(free, world.now);
      const isFull = (at - world.now) / WORK > 10;
      free = at + (isFull ? WORK * cost : WORK);
      const latency = free - world.now;
      return isFull ? { latency: Math.min(latency, 5_000), status: 503 } : { latency, status: 200 };
    };
  };
}

/** Calls go on coming after those that are looked at: where they end, what waits goes out undisturbed. */
const SHEDDING: readonly Condition[] = [0.2, 0.5].flatMap((cost) =>
  FLEETS.map(({ clients, fleet }) => ({
    name: `${cost}, ${fleet}`,
    scenario: {
      behaviour: sheddingBy(cost),
      rate: (now: number) => (now >= 20_000 && now < 25_000 ? 80 : 40),
      clients,
      duration: 120_000,
      timeout: 3_000,
    },
    from: 45_000,
    to: 90_000,
  })),
);

export const shedding = storm(
  'M',
  'Shedding',
  SHEDDING,
  SHEDDING.flatMap(({ name }) => [
    success(name, 0.98),
    threshold(name, 'every run recovers', (samples) => mean(samples, 'recovered') === 1),
  ]),
);

/** Neither up nor down: this share of requests fails, for two minutes. */
const FLAPPING: readonly Condition[] = [0.4, 0.5, 0.6, 0.9].map((failure) => ({
  name: `p = ${100 * failure} %`,
  scenario: {
    behaviour: (world: World) => () => ({ latency: 20, status: world.noise.next() < failure ? 503 : 200 }),
    rate: () => RATE,
    clients: 1,
    duration: 120_000,
    timeout: 3_000,
  },
  from: 0,
  to: 120_000,
}));

/** What has lasted for a minute will last: a call that can't succeed must then end within this time, in the median, in milliseconds. */
const SOON = 5_000;

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const endsSoon = (condition: string): Threshold => {
  const claim = `who fails in the second minute does so within ${inSeconds(SOON)}, in the median`;
  return threshold(condition, claim, (samples) => mean(samples, 'failing') <= SOON);
};
export const flapping = storm(
  'N',
  'Flapping',
  FLAPPING,
  [
    ...['p = 40 %', 'p = 50 %', 'p = 60 %'].map(atLeast(bareFetch, 'that of bare fetch')),
    ...FLAPPING.map(({ name }) => endsSoon(name)),
  ],
  { failing: inSeconds },
);

/** This share of the calls goes to an endpoint that always responds with 500. */
const PAIR: readonly Condition[] = [0.6, 0.95].map((broken) => ({
  name: `${Math.round(100 * (1 - broken))} % of calls to the healthy one`,
  scenario: {
    behaviour: () => (_busy: number, path: string) => ({
      latency: 20,
      status: path === 'search' ? 500 : 200,
    }),
    rate: () => RATE,
    clients: 1,
    duration: 60_000,
    timeout: 3_000,
    path: (world: World) => (world.arrivals.next() < broken ? 'search' : 'pay'),
  },
  from: 0,
  to: 60_000,
  path: 'pay',
}));

export const pair = storm(
  'O',
  'One bad endpoint of two',
  PAIR,
  PAIR.map(({ name }) => success(name, 0.99)),
);

/** Nothing listens for one second. */
const RESTART: readonly Condition[] = [28, 5, 1].map((rate) => ({
  name: `${rate} calls a second`,
  scenario: {
    behaviour: (world: World) => () => {
      return world.now >= 15_000 && world.now < 16_000 ? 'refused' : { latency: 20, status: 200 };
    },
    rate: () => rate,
    clients: 1,
    duration: 25_000,
    timeout: 3_000,
  },
  from: 0,
  to: 25_000,
}));

export const restart = storm(
  'P',
  'A restart of one second',
  RESTART,
  RESTART.map(({ name }) => success(name, 1)),
);
