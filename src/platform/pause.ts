/** `setTimeout` takes a longer delay for none at all. (24.8 days; a server that asks for more is not retried.) */
const LONGEST_TIMER = 2_147_483_647;

/** Waits, or until the signal aborts: then it resolves at once, and leaves no timer and no listener. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    // Timers drop fractions and may fire a millisecond early; a server's Retry-After must not come out shorter.
    const whole = ms > 0 ? Math.ceil(ms) + 1 : 0;
    const timer = setTimeout(done, Math.min(whole, LONGEST_TIMER));
    signal?.addEventListener('abort', done);
  });
}
