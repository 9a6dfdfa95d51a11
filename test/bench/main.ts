import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { argumentsOrExit } from '../../src/tools/arguments.ts';
import { startProgress } from '../../src/tools/progress.ts';
import { type Run, readArguments, USAGE } from './arguments.ts';
import { chartOf } from './chart.ts';
import { Child } from './child.ts';
import { type Comparison, comparisons, MAIN_CONCURRENCY } from './comparisons.ts';
import { downloads } from './download.ts';
import { goalTable, isMain } from './goals.ts';
import { importCosts } from './imports.ts';
import { allocations, type Effort, sample } from './measure.ts';
import { circumstances, withResults } from './page.ts';
import { type Result, resultsOf } from './result.ts';
import { seeded } from './statistics.ts';
import { downloadTable, forTerminal, importTable, resultTable } from './table.ts';

/** However slow the machine is, it ends after this; in milliseconds. */
const LIMIT = 30 * 60_000;
const WHOLE: Effort = { rounds: 2, share: 1, memory: 5 };
const QUICK: Effort = { rounds: 3, share: 0.3, memory: 1 };

const run = argumentsOrExit(readArguments, USAGE);
const overdue = setTimeout(() => {
  console.error(`not done within ${LIMIT / 60_000} minutes`);
  process.exit(1);
}, LIMIT);
await bench(run);
clearTimeout(overdue);

async function bench({ quick, together, rounds, seed, rows }: Run): Promise<void> {
  const preset = quick ? QUICK : WHOLE;
  const effort = { ...preset, rounds: rounds ?? preset.rounds };
  const chosen = comparisons.map((comparison) => chosenOf(comparison, rows, quick));
  const imports = quick ? 7 : 25;
  const download = quick ? { bytes: 2 ** 27, rounds: 1 } : { bytes: 2 ** 30, rounds: 3 };
  const random = seeded(seed);
  const [load = 0] = loadavg();
  const measurements = stepsOf(chosen, effort) + 2 * download.rounds + 2 * imports;
  const progress = await startProgress({ measurements }, process.stderr);
  let done = 0;
  const step = (what: string) => progress.update('measurements', ++done, what);

  const { child: server, hello: origin } = await Child.start('server.js', []);
  const results: Result[] = [];
  for (const comparison of chosen) {
    const samples = await sample(comparison, String(origin), effort, random, together, step);
    results.push(
      ...resultsOf(comparison, samples, await allocations(comparison, String(origin), effort, step)),
    );
  }
  const downloadCost = await downloads(String(origin), download, random, step);
  server.stop();
  const importCost = await importCosts(imports, random, step);
  progress.stop();

  const tables = [
    goalTable(results, downloadCost, importCost),
    ...results.map(resultTable),
    downloadTable(downloadCost, download.bytes),
    importTable(importCost),
  ];
  const command = [
    'npm run bench --',
    ...process.argv.slice(2),
    ...(process.argv.includes('--seed') ? [] : [`--seed ${seed}`]),
  ].join(' ');
  const around = await circumstances(command, load);
  console.log([around.command, ...around.facts, '', ...tables.map(forTerminal)].join('\n'));
  if (quick || together || rows.length > 0) return;
  await writeFile('docs/benchmarks.svg', await chartOf(results.filter(isMain), captionOf()));
  const page = await readFile('docs/benchmarks.md', 'utf8');
  await writeFile('docs/benchmarks.md', withResults(page, around, tables));
}

/** The base is always there. */
function chosenOf(comparison: Comparison, texts: readonly string[], quick: boolean): Comparison {
  const isChosen = (name: string) => texts.length === 0 || texts.some((text) => name.includes(text));
  return {
    ...comparison,
    generations: quick ? 1 : comparison.generations,
    rows: comparison.rows.filter(({ name }) => name === comparison.base || isChosen(name)),
    settings: comparison.settings.filter(({ concurrency }) => !quick || concurrency === MAIN_CONCURRENCY),
  };
}

function stepsOf(chosen: readonly Comparison[], { rounds }: Effort): number {
  return chosen.reduce(
    (sum, { rows, settings, generations }) =>
      sum + rows.length * (generations * (1 + 2 * rounds * settings.length) + 1),
    0,
  );
}

function captionOf(): string {
  const date = new Date().toISOString().slice(0, 10);
  return `npm run bench · ${date} · Node ${process.versions.node} · concurrency ${MAIN_CONCURRENCY}`;
}
