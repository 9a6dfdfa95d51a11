const TICK = 2;
/** Late enough to say that the machine is busy, in milliseconds. */
const LATE = 8;
/** How far back stalls are remembered, in milliseconds. */
const MEMORY = 10_000;

/** Measures how long the event loop is blocked: a timer that fires late on a busy machine is not the client's mistake. */
export class EventLoopMonitor {
  readonly #stalls: { readonly at: number; readonly ms: number }[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #tickedAt = performance.now();

  constructor() {
    this.#timer = setInterval(() => {
      // One at a time, and only while timers are on time: or else calls would time out for want of a processor.
      if (this.#tick() < LATE) this.#waiting.shift()?.();
    }, TICK);
  }

  /** Resolves when timers fire on time, for one waiter after the other. */
  whenOnTime(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The longest time, since `from` on the monotonic clock, during which nothing could run. */
  longestStall(from: number): number {
    this.#tick();
    return this.#stalls.reduce((longest, { at, ms }) => (at < from ? longest : Math.max(longest, ms)), 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): number {
    const now = performance.now();
    const ms = now - this.#tickedAt - TICK;
    this.#tickedAt = now;
    if (ms > LATE) this.#stalls.push({ at: now, ms });
    while (this.#stalls[0] !== undefined && this.#stalls[0].at < now - MEMORY) this.#stalls.shift();
    return ms;
  }
}
