import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Command, HELP, parseCommand } from './arguments.ts';
import { assertInstalled } from './needs.ts';
import { readPolicyFile } from './policy-file.ts';

/** Runs `steadfetch lab …`. The lab itself is loaded only when it is needed, because its packages are optional. */
export async function run(argv: readonly string[]): Promise<number> {
  const command = parseCommand(argv);
  if (command.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const storms = command.kind === 'storms';
  const pictures = (storms ? command.report : command.chart) !== undefined;
  assertInstalled({ storms, pictures }, createRequire(import.meta.url).resolve);
  return command.kind === 'ask' ? await answer(command) : await runStorms(command);
}

async function answer(command: Extract<Command, { kind: 'ask' }>): Promise<number> {
  const { ask } = await import('./question.ts');
  const { chartOf, sparklinesOf } = await import('./chart.ts');
  const { policy, chart, spike, kind: _kind, ...rest } = command;
  const { verdict, recovered, worst } = await ask({
    ...rest,
    ...(spike && { spike }),
    policy: await readPolicyFile(policy),
  });
  process.stdout.write(`${verdict}\n\n${sparklinesOf(worst)}\n`);
  if (chart !== undefined) await writeFile(chart, await chartOf(verdict, worst));
  return recovered ? 0 : 1;
}

async function runStorms(command: Extract<Command, { kind: 'storms' }>): Promise<number> {
  const [{ storms }, { jobsOf }, { runAll }, { startProgress }, { thresholdsOf, deviationsOf, tableOf }] =
    await Promise.all([
      import('./storms/index.ts'),
      import('./job.ts'),
      import('./pool.ts'),
      import('../tools/progress.ts'),
      import('./table.ts'),
    ]);
  const { report, check } = command;
  const jobs = jobsOf(command);
  const progress = await startProgress({ runs: jobs.length }, process.stderr);
  const samples = await runAll(jobs, (done) => progress.update('runs', done));
  progress.stop();

  const findings = new Map(
    storms.map((storm, at) => {
      const results = storm.experiments.map((experiment, place) => ({
        experiment,
        samples: samples.filter((_, i) => jobs[i]?.storm === at && jobs[i]?.experiment === place),
      }));
      return [storm, results.filter(({ samples }) => samples.length > 0)] as const;
    }),
  );
  let missed = 0;
  for (const [storm, results] of findings) {
    if (results.length === 0) continue;
    const thresholds = thresholdsOf(storm, results);
    missed += thresholds.filter(({ holds }) => !holds).length;
    const deviations = deviationsOf(storm, results).map((line) => `≠ ${line}`);
    const lines = [...thresholds.map(({ line }) => line), ...(check ? [] : deviations)].join('\n');
    const table = check ? '' : `${tableOf(storm, results)}\n\n`;
    process.stdout.write(`${storm.id}. ${storm.title}\n\n${table}${lines}\n\n`);
  }
  if (report !== undefined) await (await import('./report.ts')).renewReport(report, findings);
  return missed === 0 ? 0 : 1;
}
