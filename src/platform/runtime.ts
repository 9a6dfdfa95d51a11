/** Time and randomness, passed in from outside, so that tests and simulations are exact and need not wait. */
export interface Runtime {
  /** Monotonic milliseconds, for durations and deadlines. */
  now(): number;
  /** Epoch milliseconds, for people, and for comparing with dates from servers. */
  epoch(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Tells the clock that a timer for this monotonic time fired, so it can't be earlier than that. */
  fired?(due: number): void;
}

/** Milliseconds by which a timer may be early: Node's fire up to one early, and steadfetch rounds delays. */
const EARLY = 5;
/** Milliseconds by which timers have been ahead of the clock. */
let ahead = 0;

/**
 * The real clock and randomness. The globals are looked up at each call, so that fake timers apply that are installed later. Some
 * test tools fake timers but not the monotonic clock (node:test, vitest up to 2, sinon without `performance`). So when a timer
 * fires, the clock is set forward to its time.
 */
export const systemRuntime: Runtime = {
  now: () => performance.now() + ahead,
  epoch: () => Date.now(),
  random: () => Math.random(),
  fired: (due) => {
    const early = due - performance.now() - ahead;
    if (early > EARLY) ahead += early;
  },
};
