import pRetry from 'p-retry';

/** What p-retry sees of a step that was not enough: it has opinions of its own about other errors. */
class NotEnough extends Error {}

/**
 * Takes steps until one resolves to true, at most so many. After each other one `another` does the waiting, and says whether
 * there is to be a next. What either throws ends it.
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
    // Only asked while steps are left. It does the waiting too: p-retry's own can neither jitter fully nor keep a deadline.
    shouldRetry: ({ error }) => error instanceof NotEnough && another(),
    minTimeout: 0,
    maxTimeout: 0,
  }).catch((error: unknown) => {
    if (!(error instanceof NotEnough)) throw error;
  });
}
