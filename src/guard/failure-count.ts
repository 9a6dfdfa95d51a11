import type { Counts, FailureRule } from './failure-window.ts';
import type { FailureWindows } from './failure-windows.ts';
import { Tolerance } from './tolerance.ts';

/** Decides when a closed breaker opens: when too large a share of the attempts in its window failed, or too many in a row. */
export class FailureCount {
  readonly #windows: FailureWindows;
  readonly #tolerance = new Tolerance();
  /** Failures since the last success. */
  #row = 0;
  /**
   * Counted successes whose body broke off later. A window can't take a success back, so that many later successes are not
   * counted.
   */
  #broken = 0;

  constructor(windows: FailureWindows) {
    this.#windows = windows;
  }

  /** @returns false if this success was left out, in place of an earlier one whose body broke off */
  success(rule: FailureRule, now: number): boolean {
    if (this.#broken > 0) {
      this.#broken -= 1;
      return false;
    }
    this.#row = 0;
    this.#windows.success(this, this.#tolerance.applied(rule), now);
    return true;
  }

  /**
   * @param undecided attempts under way, which count as if they were answered
   * @returns whether the breaker must open
   */
  failure(rule: FailureRule, now: number, undecided = 0): boolean | Promise<boolean> {
    this.#row += 1;
    const row = this.#row;
    const applied = this.#tolerance.applied(rule);
    const isRow = row >= applied.minimum && row >= applied.threshold * (row + undecided);
    const opens = this.#windows.failure(this, applied, now, undecided);
    return typeof opens === 'boolean' ? opens || isRow : opens.then((late) => late || isRow);
  }

  /** A success that is still in the window was none: its body broke off. */
  takeBack(): void {
    this.#broken += 1;
  }

  /** @param closedFor milliseconds that the breaker was closed before it opened */
  opened(closedFor: number): void {
    this.#tolerance.opened(closedFor);
  }

  /** The attempts and failures in the window now. */
  counts(now: number): Counts {
    return this.#windows.counts(this, now);
  }

  /** Resets the statistics. */
  restart(): void {
    this.#row = 0;
    this.#broken = 0;
    this.#windows.forget(this);
  }
}
