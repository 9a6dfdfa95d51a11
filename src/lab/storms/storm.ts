import type { Outcome } from '../outcome.ts';

/** What one run with one seed came to. */
export interface Sample {
  readonly measures: Readonly<Record<string, number>>;
  /** Second by second, where there is something to draw. */
  readonly outcome?: Outcome;
}

/** One strategy under one set of conditions. */
export interface Experiment {
  readonly strategy: string;
  /** Such as `'p = 5 %'`. */
  readonly condition: string;
  /** How many seeds: 1 to this. */
  readonly seeds: number;
  /** Means that were published, to be reproduced within `TOLERANCE`. */
  readonly published?: Readonly<Record<string, number>>;
  run(seed: number): Promise<Sample>;
}

/** What the defaults must reach. */
export interface Threshold {
  readonly condition: string;
  readonly strategy: string;
  readonly claim: string;
  /** @param of what another strategy came to under the same condition */
  holds(samples: readonly Sample[], of: (strategy: string) => readonly Sample[]): boolean;
}

export interface Storm {
  readonly id: string;
  readonly title: string;
  /** From and to which second there is trouble, and what it is: marked in the pictures. */
  readonly trouble?: { readonly from: number; readonly to: number; readonly name: string };
  /** How each measure is written. */
  readonly measures: Readonly<Record<string, (value: number) => string>>;
  /** Left out unless it is asked for by its id. */
  readonly onRequest?: boolean;
  readonly experiments: readonly Experiment[];
  readonly thresholds: readonly Threshold[];
}

/** The name under which the defaults run. */
export const STEADFETCH = 'steadfetch';
/** How close a published mean must be met. */
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
