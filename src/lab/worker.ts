import { type Job, runJob } from './job.ts';

// Nobody reads the stack of an error in a storm of them, and writing it down takes most of the time.
Error.stackTraceLimit = 0;

/** A process that does one job at a time: a world takes the whole process's clock. */
process.on('message', async ({ index, job }: { index: number; job: Job }) => {
  process.send?.({ index, sample: await runJob(job) });
});
