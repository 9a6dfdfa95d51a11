import { storms } from './storms/index.ts';
import type { Sample } from './storms/storm.ts';

/** One seed of one experiment, by its position in the list of storms. A worker receives this. */
export interface Job {
  readonly storm: number;
  readonly experiment: number;
  readonly seed: number;
}

/** The runs that were asked for. */
export interface Choice {
  /** The ids of storms; empty: all except those that run only on request. */
  readonly only: readonly string[];
  /** The names of strategies; empty: all. */
  readonly strategies: readonly string[];
  /** The highest number of seeds per experiment. */
  readonly seeds: number;
}

export function jobsOf({ only: chosen, strategies, seeds: most }: Choice): Job[] {
  const isChosen = (id: string, onRequest = false) =>
    chosen.includes(id) || (chosen.length === 0 && !onRequest);
  return storms.flatMap(({ id, onRequest, experiments }, storm) =>
    !isChosen(id, onRequest)
      ? []
      : experiments.flatMap(({ seeds, strategy }, experiment) =>
          strategies.length > 0 && !strategies.includes(strategy)
            ? []
            : Array.from({ length: Math.min(seeds, most) }, (_, i) => ({ storm, experiment, seed: i + 1 })),
        ),
  );
}

export async function runJob({ storm, experiment, seed }: Job): Promise<Sample> {
  const found = storms[storm]?.experiments[experiment];
  if (found === undefined) throw new RangeError(`there is no experiment ${storm}/${experiment}`);
  return await found.run(seed);
}
