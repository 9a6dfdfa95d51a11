import { type Job, runJob } from './job.ts';

// A storm makes many errors. To record their stacks takes most of the time, and the stacks are never read.
Error.stackTraceLimit = 0;

/** A process that does one job at a time, because a world replaces the clock of the whole process. */
process.on('message', async ({ index, job }: { index: number; job: Job }) => {
  process.send?.({ index, sample: await runJob(job) });
});
