import { storms } from './storms/index.ts';
import type { Sample } from './storms/storm.ts';

/** One seed of one experiment, by its place in the list of storms: what a worker is told. */
export interface Job {
  readonly storm: number;
  readonly experiment: number;
  readonly seed: number;
}

/** @param chosen ids of storms; none: all but those that want to be asked for */
export function jobsOf(chosen: readonly string[]): Job[] {
  const isChosen = (id: string, onRequest = false) =>
    chosen.includes(id) || (chosen.length === 0 && !onRequest);
  return storms.flatMap(({ id, onRequest, experiments }, storm) =>
    !isChosen(id, onRequest)
      ? []
      : experiments.flatMap(({ seeds }, experiment) =>
          Array.from({ length: seeds }, (_, i) => ({ storm, experiment, seed: i + 1 })),
        ),
  );
}

export async function runJob({ storm, experiment, seed }: Job): Promise<Sample> {
  const found = storms[storm]?.experiments[experiment];
  if (found === undefined) throw new RangeError(`there is no experiment ${storm}/${experiment}`);
  return await found.run(seed);
}
