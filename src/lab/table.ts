import { markdownTable } from '../tools/table.ts';
import { type Experiment, mean, type Sample, type Storm, TOLERANCE } from './storms/storm.ts';

/** An experiment and the samples of its seeds. */
export interface Result {
  readonly experiment: Experiment;
  readonly samples: readonly Sample[];
}

/** A storm as a Markdown table: one line per strategy, one column per condition, published means in brackets. */
export function tableOf(storm: Storm, results: readonly Result[]): string {
  const conditions = [...new Set(results.map(({ experiment }) => experiment.condition))];
  const strategies = [...new Set(results.map(({ experiment }) => experiment.strategy))];
  const find = (strategy: string, condition: string) =>
    results.find(({ experiment: e }) => e.strategy === strategy && e.condition === condition);
  return markdownTable(
    [Object.keys(storm.measures).join(' · '), ...conditions],
    strategies.map((strategy) => [
      strategy,
      ...conditions.map((condition) => cell(storm, find(strategy, condition))),
    ]),
  );
}

function cell({ measures }: Storm, result: Result | undefined): string {
  if (result === undefined) return '';
  const { published = {} } = result.experiment;
  const measured = Object.entries(measures).map(([name, write]) => write(mean(result.samples, name)));
  const known = Object.entries(measures).map(([name, write]) => {
    const value = published[name];
    return value === undefined ? '–' : write(value);
  });
  return measured.join(' · ') + (Object.keys(published).length > 0 ? ` (${known.join(' · ')})` : '');
}

/** The thresholds and whether they hold, one line each. */
export function thresholdsOf(storm: Storm, results: readonly Result[]): { line: string; holds: boolean }[] {
  return storm.thresholds.map((threshold) => {
    const result = results.find(
      ({ experiment: e }) => e.strategy === threshold.strategy && e.condition === threshold.condition,
    );
    const of = (strategy: string) =>
      results.find(({ experiment: e }) => e.strategy === strategy && e.condition === threshold.condition)
        ?.samples ?? [];
    const holds = result !== undefined && threshold.holds(result.samples, of);
    const seeds = result?.samples.length ?? 0;
    return {
      line: `${holds ? '✓' : '✗'} ${storm.id}, ${threshold.condition}, ${threshold.strategy}: ${threshold.claim} (${seeds} seeds)`,
      holds,
    };
  });
}

/** Published means that were missed, one line each. */
export function deviationsOf(storm: Storm, results: readonly Result[]): string[] {
  return results.flatMap(({ experiment, samples }) =>
    Object.entries(experiment.published ?? {}).flatMap(([measure, expected]) => {
      const measured = mean(samples, measure);
      if (!(Math.abs(measured - expected) > TOLERANCE * expected)) return [];
      const write = storm.measures[measure] ?? String;
      return [
        `${storm.id}, ${experiment.condition}, ${experiment.strategy}: ${measure} ${write(measured)}, published ${write(expected)}`,
      ];
    }),
  );
}
