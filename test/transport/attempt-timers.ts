import { vi } from 'vitest';
import type { TimeoutOptions } from '../../src/index.ts';

/** Limits that no test waits for, and that nothing else in the process sets a timer to. */
export const far: Required<TimeoutOptions> = {
  attempt: 54_100,
  idle: 54_200,
  body: Number.POSITIVE_INFINITY,
  total: 54_900,
};

/** Watches the timers that attempts set while `far` holds; `vi.restoreAllMocks()` ends it. */
export class AttemptTimers {
  /** Those that are set now. */
  readonly alive = new Set<unknown>();
  /** How many were ever set. */
  set = 0;
  /** The most that were set at a time. */
  most = 0;

  constructor() {
    const real = { setTimeout, clearTimeout };
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number, ...rest: []) => {
      const timer = real.setTimeout(run, ms, ...rest);
      if (ms !== undefined && ms > 53_000 && ms < 55_000) this.#add(timer);
      return timer;
    }) as typeof setTimeout);
    vi.spyOn(globalThis, 'clearTimeout').mockImplementation(((timer: NodeJS.Timeout | undefined) => {
      this.alive.delete(timer);
      real.clearTimeout(timer);
    }) as typeof clearTimeout);
  }

  #add(timer: unknown): void {
    this.set += 1;
    this.alive.add(timer);
    this.most = Math.max(this.most, this.alive.size);
  }
}
