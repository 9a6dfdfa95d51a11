import { loop } from '../handwritten.ts';
import type { Behaviour, Reply } from '../service.ts';
import type { Detail } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import type { World } from '../world.ts';
import { type Condition as Observed, observed } from './observed.ts';
import { median, share } from './outage.ts';
import { mean, percent, STEADFETCH, type Storm, type Threshold } from './storm.ts';

/** Milliseconds for which the service works before and after its trouble. */
const BEFORE = 15_000;
const AFTER = 60_000;
/** Trouble is old from this age on, in milliseconds. */
const OLD = 10_000;
/** A call that can't succeed must end within this time, in the median, in milliseconds. */
const SOON = 5_000;
/** The time that an attempt may take by default, in milliseconds. Silence can't be told from slowness any sooner. */
const ATTEMPT = 10_000;

interface Condition extends Observed {
  readonly until: number;
  /** The calls that meet the trouble. */
  readonly path?: string;
  readonly limit: number;
}

function outage(
  name: string,
  reply: Reply,
  load: { rate: number; clients: number; seconds: number },
): Condition {
  const { rate, clients, seconds } = load;
  const until = BEFORE + 1_000 * seconds;
  const behaviour = (world: World): Behaviour => {
    return () => (world.now >= BEFORE && world.now < until ? reply : { latency: 20, status: 200 });
  };
  const scenario = { behaviour, rate: () => rate, clients, duration: until + AFTER, timeout: 3_000 };
  return { name, scenario, until, limit: reply === 'silence' ? ATTEMPT + SOON : SOON };
}

function badEndpoint(broken: number): Condition {
  const until = BEFORE + 60_000;
  const behaviour = (world: World): Behaviour => {
    return (_busy, path) => ({
      latency: 20,
      status: path === 'search' && world.now >= BEFORE && world.now < until ? 500 : 200,
    });
  };
  const scenario = {
    behaviour,
    rate: () => 28,
    clients: 1,
    duration: until + AFTER,
    timeout: 3_000,
    path: (world: World) => (world.arrivals.next() < broken ? 'search' : 'pay'),
  };
  return {
    name: `one endpoint, ${100 * broken} % of the calls`,
    scenario,
    until,
    path: 'search',
    limit: SOON,
  };
}

const busy = { rate: 28, clients: 1, seconds: 120 };
const quiet = { rate: 1, clients: 1, seconds: 120 };
const rare = { rate: 0.1, clients: 1, seconds: 300 };
const fleet = { rate: 10, clients: 100, seconds: 120 };
const at503 = { latency: 5, status: 503 };

const CONDITIONS: readonly Condition[] = [
  outage('refused, 28/s', 'refused', busy),
  outage('503, 28/s', at503, busy),
  outage('silence, 28/s', 'silence', busy),
  outage('503, 1/s', at503, quiet),
  outage('503, 1 per 10 s', at503, rare),
  outage('503, 100 processes', at503, fleet),
  outage('silence, 100 processes', 'silence', fleet),
  badEndpoint(0.3),
  badEndpoint(0.6),
];

function measuresOf({ made }: Detail, { until, path }: Condition): Record<string, number> {
  const meant = made.filter((call) => path === undefined || call.path === path);
  const late = meant.filter(({ began, good }) => !good && began >= BEFORE + OLD && began < until);
  return {
    failing: median(late.map(({ took }) => took)),
    during: share(meant.filter(({ began }) => began >= BEFORE && began < until)),
    after: share(meant.filter(({ began }) => began >= until)),
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** The trouble is old, and lasts: a call that can't succeed must not be kept waiting. */
export const oldTrouble: Storm = {
  id: 'T',
  title: 'Old trouble',
  measures: { failing: seconds, during: percent, after: percent },
  experiments: [
    ...observed(CONDITIONS, loop, 5, measuresOf),
    ...observed(CONDITIONS, steadfetch(STEADFETCH), 5, measuresOf),
  ],
  thresholds: CONDITIONS.flatMap(({ name, limit }): Threshold[] => [
    {
      condition: name,
      strategy: STEADFETCH,
      claim: `who fails once it is older than ${seconds(OLD)} does so within ${seconds(limit)}, in the median`,
      holds: (samples) => samples.every(({ measures }) => (measures.failing ?? 0) <= limit),
    },
    {
      condition: name,
      strategy: STEADFETCH,
      claim: 'after it: success ≥ 99.5 %',
      holds: (samples) => mean(samples, 'after') >= 0.995,
    },
  ]),
};
