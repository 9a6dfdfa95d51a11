import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Job } from './job.ts';
import type { Sample } from './storms/storm.ts';

/** The worker's file: beside this file, or, compiled, in the folder beside the bundler's output folder. */
const WORKER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : '../lab/worker.js', import.meta.url),
);

/** Runs jobs on every core. The samples are in the order of the jobs. */
export async function runAll(jobs: readonly Job[], progress: (done: number) => void): Promise<Sample[]> {
  const samples = new Array<Sample>(jobs.length);
  const workers: ChildProcess[] = [];
  let given = 0;
  let done = 0;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = fork(WORKER);
      workers.push(worker);
      const next = () => {
        const index = given++;
        if (index < jobs.length) worker.send({ index, job: jobs[index] });
        else resolve();
      };
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`a worker of the lab ended with code ${code}`)));
      worker.on('message', ({ index, sample }: { index: number; sample: Sample }) => {
        samples[index] = sample;
        progress(++done);
        next();
      });
      next();
    });
  try {
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
    return samples;
  } finally {
    for (const worker of workers) worker.kill();
  }
}
