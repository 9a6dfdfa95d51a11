import { budgets } from '../budgets.ts';
import { bareFetch, loop } from '../handwritten.ts';
import { peers } from '../peers.ts';
import type { Behaviour, Reply } from '../service.ts';
import { type Detail, observe, type Scenario } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import type { Strategy } from '../strategy.ts';
import type { World } from '../world.ts';
import {
  type Experiment,
  mean,
  percent,
  type Sample,
  STEADFETCH,
  type Storm,
  type Threshold,
  times,
} from './storm.ts';

/** Calls per second of all processes together. */
const RATE = 28;
/** Milliseconds for which the service works before and after the outage. */
const BEFORE = 15_000;
const AFTER = 25_000;
/** Milliseconds after the outage that are measured. */
const LOOKED_AT = 20_000;
/** Requests are counted until this long after the end, in milliseconds. */
const SETTLED = 5_000;
/** The latency of a response, in milliseconds. */
const LATENCY = 20;
/** The lengths of the outages, in seconds. */
const LENGTHS = [0.5, 1, 2, 5, 10, 30];
const FLEETS = [1, 100];

interface Kind {
  readonly id: string;
  readonly name: string;
  readonly reply: Reply;
}

const KINDS: readonly Kind[] = [
  { id: 'F', name: 'refused', reply: 'refused' },
  { id: 'G', name: '503 at once', reply: { latency: 5, status: 503 } },
  { id: 'H', name: 'silence', reply: 'silence' },
];

function scenario(reply: Reply, length: number, clients: number): Scenario {
  const end = BEFORE + length;
  return {
    behaviour: (world: World): Behaviour => {
      return () => (world.now >= BEFORE && world.now < end ? reply : { latency: LATENCY, status: 200 });
    },
    rate: () => RATE,
    clients,
    duration: end + AFTER,
    timeout: 3_000,
  };
}

/** The measures of a run with an outage of `length` milliseconds. */
export function measuresOf({ made, sent }: Detail, length: number): Record<string, number> {
  const end = BEFORE + length;
  const during = made.filter(({ began }) => began >= BEFORE && began < end);
  const after = made.filter(({ began }) => began >= end && began < end + LOOKED_AT);
  const late = during.filter(({ began, good }) => !good && began >= BEFORE + 10_000);
  const good = made
    .filter((one) => one.good && one.began + one.took > end)
    .map((one) => one.began + one.took - end);
  const requests = sent.filter((at) => at >= BEFORE && at < end + SETTLED).length;
  const successes = made.filter(({ good, began, took }) => {
    const sentAt = began + took - LATENCY;
    return good && sentAt >= BEFORE && sentAt < end + SETTLED;
  }).length;
  return {
    during: share(during),
    after: share(after),
    load: sent.filter((at) => at >= BEFORE && at < end).length / during.length,
    requests,
    wasted: requests - successes,
    back: Math.min(...good),
    peak: peakOf(sent, end) / RATE,
    ...(late.length > 0 && { failing: median(late.map(({ took }) => took)) }),
  };
}

/** The most requests in any second after the end. */
function peakOf(sent: readonly number[], end: number): number {
  const after = sent.filter((at) => at >= end && at < end + LOOKED_AT);
  let most = 0;
  for (let from = 0, to = 0; to < after.length; to++) {
    while ((after[to] ?? 0) - (after[from] ?? 0) >= 1_000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

export function share(made: readonly { readonly good: boolean }[]): number {
  return made.filter(({ good }) => good).length / made.length;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const nameOf = (length: number, clients: number) =>
  `${length} s, ${clients === 1 ? 'one process' : `${clients} processes`}`;

function experiments(kind: Kind, strategy: Strategy, seeds: number): Experiment[] {
  return FLEETS.flatMap((clients) =>
    LENGTHS.map((seconds) => ({
      strategy: strategy.name,
      condition: nameOf(seconds, clients),
      seeds,
      async run(seed: number): Promise<Sample> {
        const length = 1_000 * seconds;
        return {
          measures: measuresOf(await observe(scenario(kind.reply, length, clients), strategy, seed), length),
        };
      },
    })),
  );
}

type Holds = Threshold['holds'];

const atLeastLoop = (measure: string): Holds => {
  return (samples, of) => mean(samples, measure) >= mean(of(loop.name), measure);
};
const atMostLoop = (measure: string, factor = 1): Holds => {
  return (samples, of) => mean(samples, measure) <= factor * mean(of(loop.name), measure);
};

/**
 * In a fleet each client has about one call in an outage. The loop's pause of one second outlasts the shortest outages; jitter
 * does not.
 */
const SHORT_FOR_FLEETS = 2;
/**
 * Where a fleet's requests stay below the loop's. In a refused outage no request arrives, so what arrives later is what was saved:
 * more than the loop saves. In a short outage of 503s each of a hundred processes meets it for the first time, and repeats soon.
 */
const isFleetThrifty = ({ reply }: Kind, seconds: number): boolean => {
  if (reply === 'silence') return true;
  return reply === 'refused' ? seconds <= SHORT_FOR_FLEETS : seconds > SHORT_FOR_FLEETS;
};
/** Silence looks like a slow service until attempts time out, so a client notices it later than a refusal. */
const halfFrom = (kind: Kind): number => (kind.reply === 'silence' ? 10 : 5);

function thresholds(kind: Kind): Threshold[] {
  return FLEETS.flatMap((clients) =>
    LENGTHS.flatMap((seconds) => {
      const condition = nameOf(seconds, clients);
      const threshold = (claim: string, holds: Holds): Threshold => ({
        condition,
        strategy: STEADFETCH,
        claim,
        holds,
      });
      const success = threshold('in it: success ≥ the loop’s', atLeastLoop('during'));
      const requests = threshold(
        'until 5 s after it: requests that reach the service ≤ the loop’s',
        atMostLoop('requests'),
      );
      const reached = clients === 1 || isFleetThrifty(kind, seconds) ? [requests] : [];
      if (clients > 1 && seconds <= SHORT_FOR_FLEETS) return [success, ...reached];
      const soon = threshold(
        'who fails once it is older than 10 s does so within 5 s, in the median',
        (samples) => samples.every(({ measures }) => (measures.failing ?? 0) <= 5_000),
      );
      const common = [
        success,
        ...reached,
        threshold('in it: requests per call ≤ the loop’s', atMostLoop('load')),
        threshold('until 5 s after it: requests that brought nothing ≤ the loop’s', atMostLoop('wasted')),
      ];
      if (clients > 1) {
        const peak = threshold('in any second after it: requests ≤ the loop’s', atMostLoop('peak'));
        return seconds > 10 && kind.reply !== 'silence' ? [...common, peak, soon] : [...common, peak];
      }
      const back = seconds > 10 ? 2_500 : 1_000;
      return [
        ...common,
        threshold('after it: success ≥ 99.5 %', (samples) => mean(samples, 'after') >= 0.995),
        threshold(`first success within ${back} ms`, (samples) => mean(samples, 'back') <= back),
        threshold('in any second after it ≤ 2 × the usual load', (samples) => mean(samples, 'peak') <= 2),
        ...(seconds <= 10
          ? [threshold('in it: success ≥ 99 %', (samples) => mean(samples, 'during') >= 0.99)]
          : [soon]),
        ...(seconds >= halfFrom(kind)
          ? [
              threshold('in it: at most half of the loop’s requests', atMostLoop('load', 0.5)),
              threshold(
                'at most half of the loop’s requests that brought nothing',
                atMostLoop('wasted', 0.5),
              ),
            ]
          : []),
      ];
    }),
  );
}

/** The service is out for a while, and comes back as it was. */
export const outages: readonly Storm[] = KINDS.map((kind) => ({
  id: kind.id,
  title: `Outage: ${kind.name}`,
  measures: { during: percent, after: percent, load: times },
  experiments: [
    ...[bareFetch, ...budgets, ...peers].flatMap((strategy) => experiments(kind, strategy, 2)),
    ...[loop, steadfetch(STEADFETCH)].flatMap((strategy) => experiments(kind, strategy, 20)),
  ],
  thresholds: thresholds(kind),
}));
