import type { Counts, FailureRule } from './failure-window.ts';

const SLICES = 10;
/** The breaker opens at its threshold, not only above, so that a threshold of 1 can be reached. */
const EPSILON = 1e-9;

interface Slice {
  attempts: number;
  failures: number;
}

/**
 * The same rule as in `failure-window.ts` without opossum, which with its `events` would be a seventh of the small browser
 * bundle.
 */
export class FailureWindow {
  readonly #rule: FailureRule;
  readonly #slice: number;
  #rotatedAt: number;
  /** The youngest slice is the last. */
  #slices: Slice[] = [{ attempts: 0, failures: 0 }];
  #opened = false;

  constructor(rule: FailureRule, now: number) {
    this.#rule = rule;
    this.#slice = rule.window / SLICES;
    this.#rotatedAt = now;
  }

  success(now: number): void {
    this.#count(now, 0);
  }

  failure(now: number, undecided = 0): boolean {
    this.#count(now, 1);
    const { attempts, failures } = this.#sum();
    const { minimum, threshold } = this.#rule;
    if (attempts >= minimum && failures > threshold * (attempts + undecided) - EPSILON) this.#opened = true;
    return this.#opened;
  }

  counts(now: number): Counts {
    this.#rotate(now);
    return this.#sum();
  }

  isIdle(now: number): boolean {
    return now - this.#rotatedAt >= this.#slice * SLICES;
  }

  isCurrent(now: number): boolean {
    return now - this.#rotatedAt < this.#slice;
  }

  close(): void {}

  #sum(): Counts {
    const sum: Slice = { attempts: 0, failures: 0 };
    for (const { attempts, failures } of this.#slices) {
      sum.attempts += attempts;
      sum.failures += failures;
    }
    return sum;
  }

  #rotate(now: number): void {
    const slices = Math.floor((now - this.#rotatedAt) / this.#slice);
    if (slices > 0) {
      this.#rotatedAt += slices * this.#slice;
      for (let i = 0; i < Math.min(slices, SLICES); i++) this.#slices.push({ attempts: 0, failures: 0 });
      this.#slices = this.#slices.slice(-SLICES);
    }
  }

  #count(now: number, failures: number): void {
    this.#rotate(now);
    // An open window counts nothing more.
    const youngest = this.#slices.at(-1);
    if (youngest === undefined || this.#opened) return;
    youngest.attempts += 1;
    youngest.failures += failures;
  }
}
