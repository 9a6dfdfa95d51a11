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

/** @throws {TypeError} There is no such storm or strategy. To run none would look like a success. */
export function jobsOf({ only: chosen, strategies, seeds: most }: Choice): Job[] {
  assertKnown('--storm', chosen, new Set(storms.map(({ id }) => id)));
  const clients = storms.flatMap(({ experiments }) => experiments.map(({ strategy }) => strategy));
  assertKnown('--strategy', strategies, new Set(clients));
  const isChosen = (id: string, onRequest = false) =>
    chosen.includes(id) || (chosen.length === 0 && !onRequest);
  const jobs = storms.flatMap(({ id, onRequest, experiments }, storm) =>
    !isChosen(id, onRequest)
      ? []
      : experiments.flatMap(({ seeds, strategy }, experiment) =>
          strategies.length > 0 && !strategies.includes(strategy)
            ? []
            : Array.from({ length: Math.min(seeds, most) }, (_, i) => ({ storm, experiment, seed: i + 1 })),
        ),
  );
  if (jobs.length === 0) throw new TypeError(`no storm of --storm has a client of --strategy: ${strategies}`);
  return jobs;
}

function assertKnown(option: string, names: readonly string[], known: ReadonlySet<string>): void {
  const stranger = names.find((name) => !known.has(name));
  if (stranger === undefined) return;
  throw new TypeError(`${option} has no ${JSON.stringify(stranger)}: it takes ${[...known].join(' | ')}`);
}

export async function runJob({ storm, experiment, seed }: Job): Promise<Sample> {
  const found = storms[storm]?.experiments[experiment];
  if (found === undefined) throw new RangeError(`there is no experiment ${storm}/${experiment}`);
  return await found.run(seed);
}
