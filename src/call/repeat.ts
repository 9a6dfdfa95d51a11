import pRetry from 'p-retry';

/**
 * The error that tells p-retry to go on. p-retry has rules of its own for other errors. One for all: nothing reads its stack, and to
 * record a stack takes longer than all else here.
 */
const notEnough = new Error('another attempt follows');

const nothing = () => {};
const always = () => true;

/**
 * Runs `step` until it resolves to true, at most `times` times. After each other result `another` waits, and resolves to whether
 * another step follows. An error of either function ends the loop.
 */
export async function repeat(
  times: number,
  step: () => Promise<boolean>,
  another: () => Promise<boolean>,
): Promise<void> {
  const run = async () => {
    if (!(await step())) throw notEnough;
  };
  // Every option has a value: p-retry copies the options and adds what is missing, and on Node 20 an object that grows after a copy
  // is slow (`npm run bench:tricks`).
  await pRetry(run, {
    retries: times - 1,
    // p-retry calls this only while steps are left. `another` does the waiting, because p-retry's own pause has no full jitter
    // and knows no deadline.
    shouldRetry: ({ error }) => error === notEnough && another(),
    minTimeout: 0,
    maxTimeout: 0,
    factor: 1,
    maxRetryTime: Number.POSITIVE_INFINITY,
    randomize: false,
    onFailedAttempt: nothing,
    shouldConsumeRetry: always,
  }).catch((error: unknown) => {
    if (error !== notEnough) throw error;
  });
}
