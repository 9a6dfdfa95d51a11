/** Time and chance, handed in from outside so that tests and simulations need neither to wait nor to hope. */
export interface Runtime {
  /** Monotonic milliseconds: for durations and deadlines. */
  now(): number;
  /** Epoch milliseconds: for what people read and for dates that servers send. */
  epoch(): number;
  /** Uniform in [0, 1). */
  random(): number;
}

/** The real ones. Looked up at each call, so that fake timers installed later are honoured. */
export const systemRuntime: Runtime = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  random: () => Math.random(),
};
