import { storms } from './storms/index.ts';
import type { Sample } from './storms/storm.ts';

/** One seed of one experiment, by its place in the list of storms: what a worker is told. */
export interface Job {
  readonly storm: number;
  readonly experiment: number;
  readonly seed: number;
}

/** Which runs are wanted. */
export interface Choice {
  /** Ids of storms; none: all but those that want to be asked for. */
  readonly only: readonly string[];
  /** Names of strategies; none: all. */
  readonly strategies: readonly string[];
  /** At most so many seeds of each experiment. */
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
