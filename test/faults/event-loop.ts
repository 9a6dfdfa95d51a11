const TICK = 2;
/** Late enough to say that the machine is busy, in milliseconds. */
const LATE = 8;
/** How far back stalls are remembered, in milliseconds. */
const MEMORY = 10_000;

/** Watches for the event loop standing still: on a busy machine a timer that fires late is nobody's mistake. */
export class EventLoop {
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

  /** Resolves when there is time for one more thing to be done. */
  calm(): Promise<void> {
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
