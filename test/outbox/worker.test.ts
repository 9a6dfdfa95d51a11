import { TestClock } from 'pg-boss';
import { afterEach, expect, test } from 'vitest';
import { Worker } from '../../src/outbox/worker.ts';

/** A job that a test frees, and ends, when it likes. */
interface Job {
  free: () => void;
  end: () => void;
}

const clock = new TestClock(0);
let worker: Worker<number> | undefined;
let jobs: Job[] = [];
/** How many jobs were asked for, each time. */
let asked: number[] = [];

/** A worker for this many jobs that are due. */
function start(due: number, concurrency: number) {
  [jobs, asked] = [[], []];
  let left = due;
  worker = new Worker<number>(
    {
      sources: [
        {
          chained: false,
          fetch: async (limit) => {
            asked.push(limit);
            const count = Math.min(limit, left);
            left -= count;
            return Array.from({ length: count }, (_, n) => n);
          },
        },
      ],
      take: (_job, free) => new Promise<void>((end) => void jobs.push({ free, end })),
      clock,
      onError: (error) => {
        throw error;
      },
    },
    { concurrency, poll: 1_000 },
  );
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const each = (from: number, to: number, what: keyof Job) => {
  for (const job of jobs.slice(from, to)) job[what]();
};

afterEach(async () => {
  const stopping = worker?.stop();
  each(0, jobs.length, 'end');
  await stopping;
});

test('no more jobs are under way than the concurrency', async () => {
  start(10, 4);
  await settled();
  expect(jobs.length).toBe(4);
  await clock.tick(60_000);
  expect(jobs.length).toBe(4);
});

test('the next jobs begin while the ends of the last ones are being recorded, and no more than one such set', async () => {
  start(20, 4);
  await settled();
  each(0, 4, 'free');
  await settled();
  expect(jobs.length).toBe(8);
  each(4, 8, 'free');
  await clock.tick(60_000);
  expect(jobs.length).toBe(8);
  each(0, 4, 'end');
  await settled();
  expect(jobs.length).toBe(12);
});

test('places that come free together are filled together; one alone waits a moment only', async () => {
  start(20, 4);
  await settled();
  each(0, 3, 'end');
  await settled();
  each(3, 4, 'end');
  await settled();
  expect(asked).toEqual([4, 4]);
  each(4, 5, 'end');
  await settled();
  expect(asked).toEqual([4, 4]);
  await clock.tick(5);
  await settled();
  expect(asked).toEqual([4, 4, 1]);
});

test('stop waits for the jobs in hand, and takes no more', async () => {
  start(20, 4);
  await settled();
  let isStopped = false;
  const stopping = worker?.stop().then(() => {
    isStopped = true;
  });
  each(0, 3, 'end');
  each(3, 4, 'free');
  await settled();
  expect({ isStopped, taken: jobs.length }).toEqual({ isStopped: false, taken: 4 });
  each(3, 4, 'end');
  await stopping;
  expect(isStopped).toBe(true);
});

test('told that there may be jobs, it looks without waiting for the next poll', async () => {
  start(2, 4);
  await settled();
  expect(asked).toEqual([4]);
  worker?.look();
  await clock.tick(5);
  await settled();
  expect(asked).toEqual([4, 2]);
});
