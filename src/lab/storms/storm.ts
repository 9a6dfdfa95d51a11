import type { Outcome } from '../outcome.ts';

/** The measures of one run with one seed. */
export interface Sample {
  readonly measures: Readonly<Record<string, number>>;
  /** The outcome second by second, where there is a picture. */
  readonly outcome?: Outcome;
}

/** One strategy under one set of conditions. */
export interface Experiment {
  readonly strategy: string;
  /** Such as `'p = 5 %'`. */
  readonly condition: string;
  /** The number of seeds, which are counted from 1. */
  readonly seeds: number;
  /** Published means, which the runs must reproduce within `TOLERANCE`. */
  readonly published?: Readonly<Record<string, number>>;
  run(seed: number): Promise<Sample>;
}

/** What the defaults must reach. */
export interface Threshold {
  readonly condition: string;
  readonly strategy: string;
  readonly claim: string;
  /** @param of the samples of another strategy under the same condition */
  holds(samples: readonly Sample[], of: (strategy: string) => readonly Sample[]): boolean;
}

export interface Storm {
  readonly id: string;
  readonly title: string;
  /** The seconds from and to which there is trouble, and its name. The pictures mark them. */
  readonly trouble?: { readonly from: number; readonly to: number; readonly name: string };
  /** How each measure is written. */
  readonly measures: Readonly<Record<string, (value: number) => string>>;
  /** Whether the storm runs only if its id is given. */
  readonly onRequest?: boolean;
  readonly experiments: readonly Experiment[];
  readonly thresholds: readonly Threshold[];
}

/** The name of the strategy with the defaults. */
export const STEADFETCH = 'steadfetch';
/** How close a published mean must be met, as a share. */
export const TOLERANCE = 0.1;

export const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
export const times = (value: number): string => value.toFixed(2);
export const whole = (value: number): string => Math.round(value).toLocaleString('en');

export function mean(samples: readonly Sample[], measure: string): number {
  return sum(samples.map(({ measures }) => measures[measure] ?? Number.NaN)) / samples.length;
}

export function sum(values: readonly number[], from = 0, to = values.length): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i] ?? 0;
  return total;
}
