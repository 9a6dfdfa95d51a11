import pRetry from 'p-retry';

/** The error that tells p-retry to go on. p-retry has rules of its own for other errors. */
class NotEnough extends Error {}

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
    if (!(await step())) throw new NotEnough();
  };
  await pRetry(run, {
    retries: times - 1,
    // p-retry calls this only while steps are left. `another` does the waiting, because p-retry's own pause has no full jitter
    // and knows no deadline.
    shouldRetry: ({ error }) => error instanceof NotEnough && another(),
    minTimeout: 0,
    maxTimeout: 0,
  }).catch((error: unknown) => {
    if (!(error instanceof NotEnough)) throw error;
  });
}
