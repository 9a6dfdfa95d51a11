import CircuitBreaker from 'opossum';
import { EventEmitter } from '../platform/events.ts';

/** The number of slices of opossum's rolling window. */
const SLICES = 10;
/** opossum opens above its percentage. Our threshold opens at its own value, so that a threshold of 1 can be reached. */
const EPSILON = 1e-9;

export interface FailureRule {
  readonly threshold: number;
  readonly minimum: number;
  readonly window: number;
}

/** The attempts and failures in a window. */
export interface Counts {
  readonly attempts: number;
  readonly failures: number;
}

/** The function that opossum runs: it replays a failure that is already known. */
const replay = (): Promise<void> => Promise.reject(counted);
const counted = new Error('a counted failure');
const ignore = () => {};

/**
 * The rule that opens a closed breaker: opossum's rolling window, which receives outcomes after they happened.
 *
 * opossum never runs the attempt itself. This has three reasons. Rejected, cancelled and stale attempts can be left out (opossum
 * would count rejects as fires, and filtered errors as successes). The start and the end of a slow attempt fall into the same
 * slice. No user's listener can interfere. One instance lives for one closed period of the breaker, so the statistics are fresh
 * after each recovery.
 */
export class FailureWindow {
  readonly #circuit: CircuitBreaker<[], void>;
  readonly #rotation = new EventEmitter();
  readonly #slice: number;
  readonly #threshold: number;
  #rotatedAt: number;

  constructor(rule: FailureRule, now: number) {
    this.#slice = rule.window / SLICES;
    this.#threshold = rule.threshold;
    this.#rotatedAt = now;
    this.#circuit = new CircuitBreaker(replay, {
      timeout: false,
      errorThresholdPercentage: rule.threshold * 100 - EPSILON,
      volumeThreshold: rule.minimum,
      rollingCountTimeout: rule.window,
      rollingCountBuckets: SLICES,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#rotation,
    });
  }

  /**
   * Adds one success, by the events that opossum counts. A success decides nothing, so no promise of `fire` is needed.
   */
  success(now: number): void {
    this.#rotate(now);
    // An open window counts nothing more.
    if (this.#circuit.opened) return;
    this.#circuit.emit('fire');
    this.#circuit.emit('success');
  }

  /**
   * Adds one failure. Resolves to true if the breaker must open: if opossum says so, and would even if all attempts under way
   * were answered.
   */
  async failure(now: number, undecided = 0): Promise<boolean> {
    this.#rotate(now);
    await this.#circuit.fire().catch(ignore);
    if (!this.#circuit.opened || undecided === 0) return this.#circuit.opened;
    const { successes, failures } = this.#circuit.stats;
    const isDecided = failures >= this.#threshold * (successes + failures + undecided);
    if (!isDecided) this.#circuit.close();
    return isDecided;
  }

  counts(now: number): Counts {
    this.#rotate(now);
    const { successes, failures } = this.#circuit.stats;
    return { attempts: successes + failures, failures };
  }

  /** Whether the window is empty, because nothing was recorded for its whole length. */
  isIdle(now: number): boolean {
    return now - this.#rotatedAt >= this.#slice * SLICES;
  }

  /** Whether the next outcome still belongs to the youngest slice. */
  isCurrent(now: number): boolean {
    return now - this.#rotatedAt < this.#slice;
  }

  /** Stops the timer that opossum starts when it opens. */
  close(): void {
    this.#circuit.shutdown();
  }

  /** Rotates the window to the present time. There is no interval timer, so an idle breaker costs nothing. */
  #rotate(now: number): void {
    const slices = Math.floor((now - this.#rotatedAt) / this.#slice);
    if (slices <= 0) return;
    this.#rotatedAt += slices * this.#slice;
    for (let i = 0; i < Math.min(slices, SLICES); i++) this.#rotation.emit('rotate');
  }
}
