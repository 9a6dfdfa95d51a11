import { bareFetch, loop } from '../handwritten.ts';
import { peers } from '../peers.ts';
import type { Behaviour, Reply } from '../service.ts';
import type { Detail } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import type { World } from '../world.ts';
import { type Condition as Observed, observed } from './observed.ts';
import { share } from './outage.ts';
import { mean, percent, STEADFETCH, type Storm, type Threshold } from './storm.ts';

/** The time that a run takes, and the time at which its outage begins, in milliseconds. */
const DURATION = 75_000;
const BEFORE = 10_000;
/** The latency of a response, in milliseconds: short, or as long as is usual between services. */
const QUICK = 20;
const USUAL = 200;

interface Trouble {
  /** Milliseconds from the beginning of the outage to its end, and what is answered in it. */
  readonly outage: number;
  readonly reply: Reply;
  /** The share of other requests that fail. */
  readonly failure: number;
  /** Milliseconds before the outage. */
  readonly before?: number;
  /** Of a response, in milliseconds. */
  readonly latency?: number;
}

interface Condition extends Observed {
  /** Whether attempts fail by chance, all the time. */
  readonly isUnsteady: boolean;
}

function condition(name: string, workers: number, trouble: Trouble): Condition {
  const { outage, reply, failure, before = BEFORE, latency = QUICK } = trouble;
  const behaviour = (world: World): Behaviour => {
    return () => {
      if (world.now >= before && world.now < before + outage) return reply;
      return { latency, status: world.noise.next() < failure ? 503 : 200 };
    };
  };
  const scenario = { behaviour, rate: () => 0, clients: 1, workers, duration: DURATION, timeout: 3_000 };
  const crew = workers === 1 ? 'one worker' : `${workers} workers`;
  return { name: `${crew}, ${name}`, isUnsteady: failure > 0, scenario };
}

const at503 = { latency: 5, status: 503 };
const unsteady = (failure: number, outage = 0): Trouble => ({ failure, outage, reply: at503 });
const out = (seconds: number, reply: Reply, before = BEFORE): Trouble => {
  return { failure: 0, outage: 1_000 * seconds, reply, before };
};

const CONDITIONS: readonly Condition[] = [
  ...[1, 16].flatMap((workers) => [
    condition('p = 5 %', workers, unsteady(0.05)),
    condition('p = 30 %', workers, unsteady(0.3)),
    condition('p = 50 %', workers, unsteady(0.5)),
    condition('1 s of 503, p = 30 %', workers, unsteady(0.3, 1_000)),
    condition('10 s of 503', workers, out(10, at503)),
    condition('10 s of silence', workers, out(10, 'silence')),
    condition('30 s refused', workers, out(30, 'refused')),
    condition('5 s of 503 at the start', workers, out(5, at503, 0)),
  ]),
  ...[3, 24].flatMap((workers) => [
    condition('answers after 200 ms, p = 50 %', workers, { ...unsteady(0.5), latency: USUAL }),
    condition('answers after 200 ms, 40 s of 503, p = 30 %', workers, {
      ...unsteady(0.3, 40_000),
      latency: USUAL,
    }),
  ]),
];

/** @returns calls that succeeded, and their share; and both in the last third of the time */
function measuresOf({ made }: Detail): Record<string, number> {
  const late = made.filter(({ began }) => began >= (2 / 3) * DURATION);
  return {
    success: share(made),
    done: made.filter(({ good }) => good).length,
    late: late.filter(({ good }) => good).length,
  };
}

const atLeastLoop = (condition: string, measure: string, claim: string, share = 1): Threshold => ({
  condition,
  strategy: STEADFETCH,
  claim,
  holds: (samples, of) => mean(samples, measure) >= share * mean(of(loop.name), measure),
});

const count = (value: number): string => Math.round(value).toLocaleString('en');

/** Workers that make one call after another: where all of them wait, no call comes that could bring an answer. */
export const workers: Storm = {
  id: 'U',
  title: 'Workers',
  measures: { success: percent, done: count, late: count },
  experiments: [
    ...[bareFetch, ...peers].flatMap((strategy) => observed(CONDITIONS, strategy, 1, measuresOf)),
    ...[loop, steadfetch(STEADFETCH)].flatMap((strategy) => observed(CONDITIONS, strategy, 5, measuresOf)),
  ],
  thresholds: CONDITIONS.flatMap(({ name, isUnsteady }) => [
    atLeastLoop(name, 'success', 'success ≥ the loop’s'),
    ...(isUnsteady
      ? [
          atLeastLoop(name, 'done', 'calls that succeed ≥ the loop’s'),
          atLeastLoop(name, 'late', 'calls that succeed in the last third ≥ the loop’s'),
        ]
      : [
          // The loop asks a dead service again and again, so its workers hear at once that it is back.
          atLeastLoop(name, 'done', 'calls that succeed ≥ 90 % of the loop’s', 0.9),
          atLeastLoop(name, 'late', 'calls that succeed in the last third ≥ 99.5 % of the loop’s', 0.995),
        ]),
  ]),
};
