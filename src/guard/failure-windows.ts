import { type Counts, type FailureRule, FailureWindow } from './failure-window.ts';

/**
 * The rolling windows that are not empty, by breaker. The window that was rotated longest ago comes first. So each call can find
 * and drop empty windows at the front, without a timer: an idle breaker has no window.
 */
export class FailureWindows {
  readonly #windows = new Map<object, FailureWindow>();

  /** Adds one success. */
  success(breaker: object, rule: FailureRule, now: number): void {
    this.#windowOf(breaker, rule, now).success(now);
  }

  /** Adds one failure, and says whether the breaker must open. */
  failure(breaker: object, rule: FailureRule, now: number, undecided = 0): boolean | Promise<boolean> {
    return this.#windowOf(breaker, rule, now).failure(now, undecided);
  }

  counts(breaker: object, now: number): Counts {
    const window = this.#windows.get(breaker);
    if (window === undefined || window.isIdle(now)) return { attempts: 0, failures: 0 };
    // Reading the counts rotates the window, so it moves to the end.
    this.#windows.delete(breaker);
    this.#windows.set(breaker, window);
    return window.counts(now);
  }

  /** Resets the statistics of this breaker. */
  forget(breaker: object): void {
    this.#windows.get(breaker)?.close();
    this.#windows.delete(breaker);
  }

  get size(): number {
    return this.#windows.size;
  }

  #windowOf(breaker: object, rule: FailureRule, now: number): FailureWindow {
    const known = this.#windows.get(breaker);
    if (known?.isCurrent(now)) return known;
    const window = known === undefined || known.isIdle(now) ? new FailureWindow(rule, now) : known;
    this.#windows.delete(breaker);
    this.#windows.set(breaker, window);
    this.#dropIdle(now);
    return window;
  }

  #dropIdle(now: number): void {
    for (const [breaker, window] of this.#windows) {
      if (!window.isIdle(now)) return;
      this.#windows.delete(breaker);
    }
  }
}
