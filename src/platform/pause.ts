/** The longest delay of `setTimeout` (24.8 days); a longer one would fire at once. `retry.retryAfter` can't be longer. */
const LONGEST_TIMER = 2_147_483_647;

/** Waits until the time is over (no time is over at once) or the signal aborts. Always resolves, and leaves no timer and no listener. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    // Timers drop fractions and may fire a millisecond early. A pause must not be shorter than the server's Retry-After.
    const timer = setTimeout(done, Math.min(Math.ceil(ms) + 1, LONGEST_TIMER));
    signal?.addEventListener('abort', done);
  });
}
