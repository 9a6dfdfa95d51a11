const TICK = 2;
/** A timer that is this late shows that the machine is busy, in milliseconds. */
const LATE = 8;
/** How long stalls are remembered, in milliseconds. */
const MEMORY = 10_000;

/** Measures how long the event loop is blocked: a late timer on a busy machine is not a mistake of the client. */
export class EventLoopMonitor {
  readonly #stalls: { readonly at: number; readonly ms: number }[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #tickedAt = performance.now();

  constructor() {
    this.#timer = setInterval(() => {
      // One waiter at a time, and only while timers are on time. Otherwise calls would time out for lack of CPU time.
      if (this.#tick() < LATE) this.#waiting.shift()?.();
    }, TICK);
  }

  /** Resolves when timers are on time, for one waiter after the other. */
  whenOnTime(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The longest block of the event loop since `from` (monotonic). */
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
