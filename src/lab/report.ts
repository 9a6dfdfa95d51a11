import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chartOf } from './chart.ts';
import type { Outcome } from './outcome.ts';
import { goodput, RECOVERED } from './question.ts';
import { percent, type Sample, type Storm } from './storms/storm.ts';
import { type Result, tableOf, thresholdsOf } from './table.ts';

/** The results of the experiments, by storm. */
export type Findings = ReadonlyMap<Storm, readonly Result[]>;

/**
 * Renews the lab's parts of a hand-written page: everything between `<!-- lab: … -->` and `<!-- /lab -->`, and the pictures of
 * the page.
 */
export async function renewReport(folder: string, findings: Findings): Promise<void> {
  const path = join(folder, 'storms.md');
  let page = await readFile(path, 'utf8');
  for (const [storm, results] of findings) {
    if (results.length === 0) continue;
    page = fill(page, storm.id, tableOf(storm, results));
    const thresholds = thresholdsOf(storm, results);
    if (thresholds.length > 0) page = fill(page, `${storm.id} thresholds`, listed(thresholds));
    for (const result of pictured(results)) {
      const { condition, strategy } = result.experiment;
      const sample = worst(result.samples);
      if (sample?.outcome === undefined) continue;
      const title = `${strategy}, ${condition}: ${findingOf(sample.outcome)}`;
      const svg = await chartOf(title, sample.outcome, {
        ceiling: CEILING,
        ...(storm.trouble && { trouble: storm.trouble }),
      });
      await writeFile(join(folder, 'storms', `${slug(`${strategy} ${condition}`)}.svg`), `${svg}\n`);
    }
  }
  await writeFile(path, page);
}

/** A longer list of thresholds is folded up. */
const MOST = 8;

function listed(thresholds: ReturnType<typeof thresholdsOf>): string {
  const lines = thresholds.map(({ line }) => `- ${line}`).join('\n');
  if (thresholds.length <= MOST) return lines;
  const missed = thresholds.filter(({ holds }) => !holds).length;
  const summary = `${thresholds.length} thresholds, ${missed === 0 ? 'all of which hold' : `${missed} of them missed`}`;
  return `<details><summary>${summary}</summary>\n\n${lines}\n\n</details>`;
}

/** The top of the axis in all charts, so that they can be compared. */
const CEILING = 150;
/** The runs that the page shows as pictures. */
const PICTURED = [
  'no retry, one process',
  '3 tries, one process',
  'steadfetch, one process',
  'p-retry + opossum, 100 processes',
  'steadfetch, 100 processes',
];

function pictured(results: readonly Result[]): Result[] {
  return results.filter(({ experiment: e }) => PICTURED.includes(`${e.strategy}, ${e.condition}`));
}

/** The worst seed, so that the picture flatters no client. */
function worst(samples: readonly Sample[]): Sample | undefined {
  return samples.reduce<Sample | undefined>(
    (low, sample) => ((sample.measures.goodput ?? 0) < (low?.measures.goodput ?? 2) ? sample : low),
    undefined,
  );
}

/** The finding of a chart, as its title. */
export function findingOf(outcome: Outcome): string {
  const late = goodput(outcome, Math.ceil((2 * outcome.calls.length) / 3));
  if (late >= RECOVERED) return 'recovers';
  return late < 0.5 ? 'never recovers' : `${percent(1 - late)} of calls still fail at the end`;
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

function fill(page: string, name: string, content: string): string {
  const [head = '', rest] = page.split(`<!-- lab: ${name} -->`);
  const end = rest?.indexOf('<!-- /lab -->') ?? -1;
  if (rest === undefined || end < 0) throw new Error(`storms.md has no place for "lab: ${name}"`);
  return `${head}<!-- lab: ${name} -->\n\n${content}\n\n${rest.slice(end)}`;
}
