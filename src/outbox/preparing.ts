import type { Clock } from 'pg-boss';

/** Longer than any token takes, in milliseconds, and short enough for a worker that is to stop. */
const LONGEST = 60_000;

/**
 * The error of what a user does to a request before it is sent, or that it took too long: what never comes back must not hold its worker
 * for ever. Undefined: it is prepared.
 *
 * @param left milliseconds that the call has
 */
export async function failureOf(
  prepare: () => Promise<unknown>,
  clock: Clock,
  left = LONGEST,
): Promise<{ readonly error: unknown } | undefined> {
  const ms = Math.max(0, Math.min(left, LONGEST));
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    timer = clock.setTimeout(() => reject(new Error(`prepare took longer than ${ms} ms`)), ms);
  });
  try {
    await Promise.race([prepare(), late]);
    return undefined;
  } catch (error) {
    return { error };
  } finally {
    clock.clearTimeout(timer);
  }
}
