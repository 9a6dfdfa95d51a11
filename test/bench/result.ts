import type { Comparison, Setting } from './comparisons.ts';
import type { Sample, Samples } from './measure.ts';
import { type Spread, spread } from './statistics.ts';

/** What came out for one row in one setting. */
export interface Line {
  readonly name: string;
  /** CPU of each round, in microseconds per call. */
  readonly rounds: readonly number[];
  /** Microseconds per call, user and system. */
  readonly cpu: Spread;
  /** CPU, to the base's in the same round. */
  readonly ratio: Spread;
  /** CPU less the base's in the same round, in microseconds per call. */
  readonly more: Spread;
  /** Microseconds per call: time passed, divided by calls. */
  readonly wall: Spread;
  /** The same of each round. */
  readonly walls: readonly number[];
  /** Bytes per call on the JavaScript heap; undefined if not measured. */
  readonly bytes: number | undefined;
}

/** What came out for all rows of a comparison in one setting. */
export interface Result {
  readonly comparison: Comparison;
  readonly setting: Setting;
  readonly lines: readonly Line[];
}

export function resultsOf(
  comparison: Comparison,
  samples: Samples,
  bytes: ReadonlyMap<string, readonly (number | undefined)[]>,
): Result[] {
  return comparison.settings.map((setting, at) => {
    const sampled = (name: string) => samples.get(name)?.[at] ?? [];
    const base = sampled(comparison.base).map(({ cpu }) => cpu);
    return {
      comparison,
      setting,
      lines: comparison.rows.map(({ name }) => lineOf(name, sampled(name), base, bytes.get(name)?.[at])),
    };
  });
}

function lineOf(
  name: string,
  samples: readonly Sample[],
  base: readonly number[],
  bytes: number | undefined,
): Line {
  const rounds = samples.map(({ cpu }) => cpu);
  const walls = samples.map(({ wall }) => wall);
  return {
    name,
    rounds,
    cpu: spread(rounds),
    ratio: spread(ratios(rounds, base)),
    more: spread(differences(rounds, base)),
    wall: spread(walls),
    walls,
    bytes,
  };
}

/** Round by round, because what disturbs the machine in one round disturbs all rows. */
export function ratios(rounds: readonly number[], base: readonly number[]): number[] {
  return rounds.map((cpu, round) => cpu / (base[round] ?? Number.NaN));
}

export function differences(rounds: readonly number[], base: readonly number[]): number[] {
  return rounds.map((cpu, round) => cpu - (base[round] ?? Number.NaN));
}

/** CPU of each round; nothing if the row was not measured. */
export function roundsOf(result: Result | undefined, name: string): readonly number[] {
  return result?.lines.find((line) => line.name === name)?.rounds ?? [];
}
