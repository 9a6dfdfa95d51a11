import { type Counts, type FailureRule, FailureWindow } from './failure-window.ts';

/**
 * The rolling windows that have something in them, by the breaker they belong to. The one that was turned longest
 * ago comes first, so that windows which have run empty are found, and dropped, in passing: no timer watches over
 * them, and an idle breaker has none.
 */
export class FailureWindows {
  readonly #windows = new Map<object, FailureWindow>();

  /** Feeds one success. */
  success(breaker: object, rule: FailureRule, now: number): void {
    this.#windowOf(breaker, rule, now).success(now);
  }

  /** Feeds one failure. Resolves to true if it opens the breaker. */
  failure(breaker: object, rule: FailureRule, now: number): Promise<boolean> {
    return this.#windowOf(breaker, rule, now).failure(now);
  }

  counts(breaker: object, now: number): Counts {
    const window = this.#windows.get(breaker);
    if (window === undefined || window.isIdle(now)) return { attempts: 0, failures: 0 };
    // Counting turns it.
    this.#windows.delete(breaker);
    this.#windows.set(breaker, window);
    return window.counts(now);
  }

  /** The statistics of this breaker start fresh. */
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
