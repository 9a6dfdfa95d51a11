/** Time and chance, handed in from outside so that tests and simulations need neither to wait nor to hope. */
export interface Runtime {
  /** Monotonic milliseconds: for durations and deadlines. */
  now(): number;
  /** Epoch milliseconds: for what people read and for dates that servers send. */
  epoch(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** A timer that was set for that monotonic moment has fired: it is not earlier than that. */
  fired?(due: number): void;
}

/** Node's timers fire up to a millisecond early, and ours are rounded: that much earlier is on time. */
const EARLY = 5;
/** How far timers have been ahead of the clock. */
let ahead = 0;

/**
 * The real ones. Looked up at each call, so that fake timers installed later are honoured. Some test tools fake timers, and
 * leave the monotonic clock as it is (node:test, vitest up to 2, sinon without `performance`): a timer that fires is believed.
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
