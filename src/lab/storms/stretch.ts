import { budgets } from '../budgets.ts';
import { bareFetch, loop } from '../handwritten.ts';
import { peers } from '../peers.ts';
import type { Detail } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import type { Strategy } from '../strategy.ts';
import { type Condition as Observed, observed } from './observed.ts';
import { median, share } from './outage.ts';
import { mean, percent, STEADFETCH, type Storm, type Threshold, times } from './storm.ts';

/** Calls per second of all processes together. */
export const RATE = 28;

export interface Condition extends Observed {
  /** Only calls that began in these milliseconds are measured, and only calls to this path. */
  readonly from: number;
  readonly to: number;
  readonly path?: string;
}

function measuresOf({ made, sent }: Detail, { from, to, path }: Condition): Record<string, number> {
  const looked = made.filter((call) => {
    return call.began >= from && call.began < to && (path === undefined || call.path === path);
  });
  const success = share(looked);
  const late = looked.filter(({ began, good }) => !good && began >= (from + to) / 2);
  return {
    success,
    load:
      sent.filter((at) => at >= from && at < to).length /
      made.filter(({ began: b }) => b >= from && b < to).length,
    recovered: success > 0.9 ? 1 : 0,
    failing: median(late.map(({ took }) => took)),
  };
}

/** @param more measures that its table shows, too */
export function storm(
  id: string,
  title: string,
  conditions: readonly Condition[],
  thresholds: readonly Threshold[],
  more: Storm['measures'] = {},
): Storm {
  return {
    id,
    title,
    measures: { success: percent, load: times, ...more },
    experiments: [
      ...[bareFetch, ...budgets, ...peers].flatMap((strategy) =>
        observed(conditions, strategy, 2, measuresOf),
      ),
      ...[loop, steadfetch(STEADFETCH)].flatMap((strategy) => observed(conditions, strategy, 20, measuresOf)),
    ],
    thresholds,
  };
}

export const threshold = (condition: string, claim: string, holds: Threshold['holds']): Threshold => {
  return { condition, strategy: STEADFETCH, claim, holds };
};
export const success = (condition: string, least: number): Threshold => {
  return threshold(condition, `success ≥ ${percent(least)}`, (samples) => mean(samples, 'success') >= least);
};
/** As many succeed as with the other strategy. */
export const atLeast =
  (other: Strategy, whose: string) =>
  (condition: string): Threshold => {
    return threshold(condition, `success ≥ ${whose}`, (samples, of) => {
      return mean(samples, 'success') >= mean(of(other.name), 'success');
    });
  };
