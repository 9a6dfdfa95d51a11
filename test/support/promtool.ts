import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether Prometheus' own tool is installed. `.ci/services` installs it. */
export const hasPromtool = (() => {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** A sample that a query gives: its value, and its labels. */
export interface Answer {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * What Prometheus answers to queries about a process that it has scraped once a minute.
 * @param rules the file of its alert rules; then `ALERTS` can be asked for
 */
export async function askPrometheus(
  scrapes: readonly string[],
  queries: readonly string[],
  rules?: string,
): Promise<readonly Answer[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'steadfetch-promtool-'));
  try {
    const file = join(folder, 'questions.yml');
    const test = {
      evaluation_interval: '1m',
      rule_files: rules === undefined ? [] : [rules],
      tests: [
        {
          interval: '1m',
          input_series: seriesOf(scrapes),
          // Nothing is expected, so promtool complains about each answer, and says what it is.
          promql_expr_test: queries.map((expr) => ({ expr, eval_time: `${scrapes.length - 1}m` })),
        },
      ],
    };
    // YAML takes JSON.
    await writeFile(file, JSON.stringify(test));
    const output = await outputOf(file);
    const found = new Map(
      [...output.matchAll(/expr: (".*"), time: .*\n.*exp: nil\n\s+got: (.*)/g)].map(
        ([, expr = '', got = '']) => [JSON.parse(expr) as string, answersIn(got)],
      ),
    );
    return queries.map((query) => found.get(query) ?? []);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function outputOf(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('promtool', ['test', 'rules', file], (_error, stdout, stderr) => {
      const output = stdout + stderr;
      // A query that can't be run is another failure than an answer that was not expected.
      if (/error|parse/i.test(output)) reject(new Error(output));
      else resolve(output);
    });
  });
}

/** Each series, with its value at each scrape; `_` where there was none. */
function seriesOf(scrapes: readonly string[]): { series: string; values: string }[] {
  const values = scrapes.map(
    (text) =>
      new Map(
        [...text.matchAll(/^(\w+(?:\{.*\})?) (\S+)$/gm)].map(([, series = '', value = '']) => [
          series,
          value,
        ]),
      ),
  );
  const names = new Set(values.flatMap((scrape) => [...scrape.keys()]));
  return Array.from(names, (series) => ({
    series,
    values: values.map((scrape) => scrape.get(series) ?? '_').join(' '),
  }));
}

function answersIn(got: string): Answer[] {
  return [...got.matchAll(/\{(.*?)\} (\S+?)(?:,|$)/g)].map(([, labels = '', value]) => ({
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="(.*?)"/g)].map(([, name, text]) => [name, text])),
    value: Number(value),
  }));
}
