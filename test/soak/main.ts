import { argumentsOrExit } from '../../src/tools/arguments.ts';
import { startProgress } from '../../src/tools/progress.ts';
import { CaseRunner } from '../faults/case-runner.ts';
import type { FaultCase } from '../faults/fault-case.ts';
import { readArguments, type SoakArguments, usage } from './arguments.ts';
import { soakCases } from './cases.ts';
import { Tally } from './tally.ts';

/** How many broken calls are printed. The first few tell it all. */
const PRINTED = 5;

function* bounded({ calls, seed, minutes, faultCase }: SoakArguments): Generator<FaultCase> {
  if (faultCase !== undefined) return yield faultCase;
  const end = performance.now() + minutes * 60_000;
  let left = calls;
  for (const next of soakCases(seed)) {
    if (left-- === 0 || performance.now() > end) return;
    yield next;
  }
}

async function soak(asked: SoakArguments): Promise<boolean> {
  const expected = asked.faultCase === undefined ? asked.calls : 1;
  const { stdout } = process;
  stdout.write(`seed ${asked.seed}\n`);
  const begun = performance.now();
  const tally = new Tally();
  const progress = await startProgress({ calls: expected }, stdout);
  const runner = new CaseRunner(asked.concurrency);
  let brokenCalls = 0;
  await runner.run(bounded(asked), (seen, broken) => {
    tally.add(seen, broken);
    if (broken.length > 0 && brokenCalls++ < PRINTED) {
      progress.note(`call ${tally.calls} broke a promise`);
      for (const how of broken) progress.note(`  ${how}`);
      progress.note(`  again: npm run soak -- --case '${JSON.stringify(seen.faultCase)}'`);
    }
    const rate = Math.round((tally.calls / (performance.now() - begun)) * 1_000);
    progress.update('calls', tally.calls, `${rate}/s, ${tally.violations} violations`);
  });
  const left = await runner.close();
  progress.stop();
  const seconds = (performance.now() - begun) / 1_000;
  stdout.write(`\n${tally}\n`);
  for (const what of left) stdout.write(`left over: ${what}\n`);
  stdout.write(
    `${seconds.toFixed(0)} s, ${(tally.calls / seconds).toFixed(0)} calls/s, seed ${asked.seed}\n`,
  );
  if (tally.calls < expected) stdout.write(`the time was up after ${tally.calls} of ${expected} calls\n`);
  return tally.violations === 0 && left.length === 0 && tally.calls === expected;
}

const asked = argumentsOrExit((args) => readArguments(args, () => Math.trunc(Math.random() * 1e9)), usage);
process.exitCode = (await soak(asked)) ? 0 : 1;
