import type { Counts, FailureRule } from './failure-window.ts';
import type { FailureWindows } from './failure-windows.ts';
import { Tolerance } from './tolerance.ts';

/** Tells when a closed breaker is to open: too large a share of failures in its window, or too many in a row. */
export class FailureCount {
  readonly #windows: FailureWindows;
  readonly #tolerance = new Tolerance();
  /** Failures since the last success. */
  #row = 0;
  /** Successes that were none, because their body broke off. A window takes none back: the next ones are not counted. */
  #broken = 0;

  constructor(windows: FailureWindows) {
    this.#windows = windows;
  }

  /** @returns false if it was not counted, in the stead of one whose body broke off */
  success(rule: FailureRule, now: number): boolean {
    if (this.#broken > 0) {
      this.#broken -= 1;
      return false;
    }
    this.#row = 0;
    this.#windows.success(this, this.#tolerance.applied(rule), now);
    return true;
  }

  /** @returns whether the breaker is to open */
  async failure(rule: FailureRule, now: number): Promise<boolean> {
    this.#row += 1;
    const applied = this.#tolerance.applied(rule);
    const isRow = this.#row >= applied.minimum;
    return (await this.#windows.failure(this, applied, now)) || isRow;
  }

  /** A success that is still in the window was none. */
  takeBack(): void {
    this.#broken += 1;
  }

  /** @param closedFor milliseconds that the breaker was closed before it opened */
  opened(closedFor: number): void {
    this.#tolerance.opened(closedFor);
  }

  /** What is in the window now. */
  counts(now: number): Counts {
    return this.#windows.counts(this, now);
  }

  /** Statistics start fresh. */
  restart(): void {
    this.#row = 0;
    this.#broken = 0;
    this.#windows.forget(this);
  }
}
