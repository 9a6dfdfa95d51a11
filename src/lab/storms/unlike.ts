import { bareFetch, loop } from '../handwritten.ts';
import type { Behaviour, Reply } from '../service.ts';
import type { Detail } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import type { World } from '../world.ts';
import { type Condition as Observed, observed } from './observed.ts';
import { median, share } from './outage.ts';
import { mean, percent, STEADFETCH, type Storm, type Threshold } from './storm.ts';

interface Condition extends Observed {
  /** Only calls that began from this time on are measured, and only calls to this path, in milliseconds. */
  readonly from: number;
  readonly path?: string;
}

/** @param reply at a time since the beginning */
function condition(
  name: string,
  rate: number,
  seconds: { readonly duration: number; readonly from: number },
  reply: (world: World, path: string) => Reply,
  path?: (world: World) => string,
): Condition {
  const behaviour = (world: World): Behaviour => {
    return (_busy, to) => reply(world, to);
  };
  const scenario = {
    behaviour,
    rate: () => rate,
    clients: 1,
    duration: 1_000 * seconds.duration,
    ...(path && { path }),
  };
  return { name, scenario, from: 1_000 * seconds.from, ...(path && { path: 'others' }) };
}

const at503 = { latency: 5, status: 503 };
const within = ({ now }: World, from: number, to: number) => now >= 1_000 * from && now < 1_000 * to;

const CONDITIONS: readonly Condition[] = [
  condition('slow: 1 s, after 60 s of 503', 28, { duration: 150, from: 120 }, (world) =>
    within(world, 15, 75) ? at503 : { latency: 1_000, status: 200 },
  ),
  condition('slow: 4 s, after 60 s of 503', 5, { duration: 150, from: 120 }, (world) =>
    within(world, 15, 75) ? at503 : { latency: 4_000, status: 200 },
  ),
  condition('p = 30 %, minutes after 3 s of 503', 20, { duration: 240, from: 180 }, (world) =>
    within(world, 60, 63) || world.noise.next() < 0.3 ? at503 : { latency: 50, status: 200 },
  ),
  condition('answers after 5 s, p = 30 % at once', 20, { duration: 120, from: 0 }, (world) =>
    world.noise.next() < 0.3 ? at503 : { latency: 5_000, status: 200 },
  ),
  condition(
    'one user of ten is limited',
    20,
    { duration: 120, from: 0 },
    (_world, path) =>
      path === 'limited/'
        ? { latency: 5, status: 429, headers: { 'retry-after': '5' } }
        : { latency: 100, status: 200 },
    (world) => (world.arrivals.next() < 0.1 ? 'limited/' : 'others/'),
  ),
];

function measuresOf({ made }: Detail, { from, path }: Condition): Record<string, number> {
  const looked = made.filter((call) => call.began >= from && call.path.startsWith(path ?? ''));
  return {
    success: share(looked),
    took: median(looked.filter(({ good }) => good).map(({ took }) => took)),
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;

/** Services that are unlike those of the other storms: slow, or never quite well, or well for most users only. */
export const unlike: Storm = {
  id: 'V',
  title: 'Services that are slow, or never quite well',
  measures: { success: percent, took: seconds },
  experiments: [bareFetch, loop, steadfetch(STEADFETCH)].flatMap((strategy) =>
    observed(CONDITIONS, strategy, 3, measuresOf),
  ),
  thresholds: CONDITIONS.flatMap(({ name }): Threshold[] => [
    {
      condition: name,
      strategy: STEADFETCH,
      claim: 'success ≥ 99 %',
      holds: (samples) => mean(samples, 'success') >= 0.99,
    },
    {
      condition: name,
      strategy: STEADFETCH,
      claim: 'half of the calls take no longer than from bare fetch',
      holds: (samples, of) => mean(samples, 'took') <= 1.1 * mean(of(bareFetch.name), 'took'),
    },
  ]),
};
