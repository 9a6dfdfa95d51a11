import { budgets } from '../budgets.ts';
import { bareFetch, loop } from '../handwritten.ts';
import { peers } from '../peers.ts';
import { type Behaviour, type Reply, unreliable } from '../service.ts';
import { observe, type Scenario } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import type { Strategy } from '../strategy.ts';
import type { World } from '../world.ts';
import { share } from './outage.ts';
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

/** The latency of every response, good or bad, in milliseconds. */
const LATENCY = 50;

interface Condition {
  readonly name: string;
  readonly scenario: Scenario;
}

function calm(name: string, failure: number, rate: number, calls: number): Condition {
  const scenario = {
    behaviour: (world: World) => unreliable(world, failure, LATENCY),
    rate: () => rate,
    clients: 1,
    duration: (1_000 * calls) / rate,
    timeout: 3_000,
  };
  return { name, scenario };
}

/** A fleet of clients that make one call every ten seconds. */
function fleet(name: string, clients: number, failure: number, failed: Reply, seconds: number): Condition {
  const behaviour = (world: World): Behaviour => {
    return () => (world.noise.next() < failure ? failed : { latency: LATENCY, status: 200 });
  };
  const scenario = {
    behaviour,
    rate: () => clients / 10,
    clients,
    duration: 1_000 * seconds,
    timeout: 3_000,
  };
  return { name, scenario };
}

const at503 = { latency: LATENCY, status: 503 };

/** Fifty calls at once by a new client. */
const burst: Condition = {
  name: '50 at once, p = 10 %',
  scenario: {
    behaviour: (world: World) => unreliable(world, 0.1, 200),
    rate: (now) => (now < 1 ? 50_000 : 1e-9),
    clients: 1,
    duration: 10,
    timeout: 3_000,
  },
};

const CALM: readonly Condition[] = [
  ...[0.01, 0.05, 0.2, 0.5].map((p) => calm(`1/s, p = ${100 * p} %`, p, 1, 300)),
  ...[0.01, 0.05, 0.2, 0.5].map((p) => calm(`1 per 10 s, p = ${100 * p} %`, p, 0.1, 100)),
  burst,
];

const FLEETS: readonly Condition[] = [
  fleet('100, p = 100 %', 100, 1, at503, 180),
  fleet('1,000, p = 100 %', 1_000, 1, at503, 180),
  fleet('100, p = 50 %, 503', 100, 0.5, at503, 60),
  fleet('1,000, p = 50 %, 503', 1_000, 0.5, at503, 60),
  fleet('100, p = 50 %, silence', 100, 0.5, 'silence', 60),
  fleet('1,000, p = 50 %, silence', 1_000, 0.5, 'silence', 60),
];

function experiments(conditions: readonly Condition[], strategy: Strategy, seeds: number): Experiment[] {
  return conditions.map(({ name, scenario }) => ({
    strategy: strategy.name,
    condition: name,
    seeds,
    async run(seed): Promise<Sample> {
      const { made, outcome } = await observe(scenario, strategy, seed);
      const { calls, sends } = outcome;
      const minutes = [30, 90].map((from) => sum(sends, from, from + 60) / sum(calls, from, from + 60));
      return {
        measures: {
          success: share(made),
          load: sum(sends) / sum(calls),
          first: sum(sends, 0, 30) / sum(calls, 0, 30),
          later: Math.max(...minutes.filter(Number.isFinite), 0),
        },
      };
    },
  }));
}

function threshold(condition: string, claim: string, holds: Threshold['holds']): Threshold {
  return { condition, strategy: STEADFETCH, claim, holds };
}

const success = (condition: string, least: number): Threshold =>
  threshold(condition, `success ≥ ${percent(least)}`, (samples) => mean(samples, 'success') >= least);

const designs = (conditions: readonly Condition[]): Experiment[] => [
  ...[bareFetch, ...budgets, ...peers].flatMap((strategy) => experiments(conditions, strategy, 2)),
  ...[loop, steadfetch(STEADFETCH)].flatMap((strategy) => experiments(conditions, strategy, 20)),
];

/** Clients with so little traffic that there are hardly any responses to learn from. */
export const quiet: Storm = {
  id: 'I',
  title: 'Quiet clients',
  measures: { success: percent, load: times },
  experiments: designs(CALM),
  thresholds: [
    ...['1/s', '1 per 10 s'].flatMap((rate) => [
      success(`${rate}, p = 1 %`, 0.999),
      success(`${rate}, p = 5 %`, 0.999),
      success(`${rate}, p = 20 %`, 0.99),
    ]),
    success('50 at once, p = 10 %', 1),
  ],
};

/** A fleet of quiet clients. */
export const quietFleet: Storm = {
  id: 'J',
  title: 'Quiet fleets',
  measures: { success: percent, load: times },
  experiments: designs(FLEETS),
  thresholds: ['100', '1,000'].flatMap((clients) => [
    threshold(
      `${clients}, p = 100 %`,
      'load ≤ 2.0 in the first 30 s',
      (samples) => mean(samples, 'first') <= 2,
    ),
    threshold(
      `${clients}, p = 100 %`,
      'load ≤ 1.1 in every later minute',
      (samples) => mean(samples, 'later') <= 1.1,
    ),
    ...[
      { failed: '503', load: 1.9 },
      { failed: 'silence', load: 1.75 },
    ].flatMap(({ failed, load }) => {
      const condition = `${clients}, p = 50 %, ${failed}`;
      return [
        threshold(condition, `load ≤ ${load}`, (samples) => Number(mean(samples, 'load').toFixed(2)) <= load),
        // Three tries reach this.
        threshold(condition, 'success ≥ 87 %', (samples) => mean(samples, 'success') >= 0.87),
      ];
    }),
  ]),
};
