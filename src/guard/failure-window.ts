import CircuitBreaker from 'opossum';
import { EventEmitter } from '../platform/events.ts';

/** opossum's rolling window is divided into this many slices. */
const SLICES = 10;
/** opossum opens above its percentage; our threshold opens at it, and 1 must be reachable. */
const EPSILON = 1e-9;

export interface FailureRule {
  readonly threshold: number;
  readonly minimum: number;
  readonly window: number;
}

/** What a window holds. */
export interface Counts {
  readonly attempts: number;
  readonly failures: number;
}

/** What opossum runs: an outcome that there is already. */
const replay = (good: boolean): Promise<void> => (good ? done : Promise.reject(counted));
const done = Promise.resolve();
const counted = new Error('a counted failure');

/**
 * The rule that opens a closed breaker: opossum's rolling window, fed with outcomes after they happened.
 *
 * opossum is never asked to run the attempt itself. So a call that is rejected, cancelled or stale is simply not
 * fed to it (opossum would count rejects as fires and filtered errors as successes); a slow attempt's start and end
 * fall into the same slice; and no listener of a user can get in its way. One instance lives for one closed period,
 * which is what makes the statistics fresh after each recovery.
 */
export class FailureWindow {
  readonly #circuit: CircuitBreaker<[good: boolean], void>;
  readonly #rotation = new EventEmitter();
  readonly #slice: number;
  #rotatedAt: number;

  constructor(rule: FailureRule, now: number) {
    this.#slice = rule.window / SLICES;
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

  /** Feeds one success. opossum counts it at once; what it does after that is waited for by nobody. */
  success(now: number): void {
    this.#rotate(now);
    this.#circuit.fire(true).catch(() => {});
  }

  /** Feeds one failure. Resolves to true if it opens the breaker. */
  async failure(now: number): Promise<boolean> {
    this.#rotate(now);
    await this.#circuit.fire(false).catch(() => {});
    return this.#circuit.opened;
  }

  counts(now: number): Counts {
    this.#rotate(now);
    const { successes, failures } = this.#circuit.stats;
    return { attempts: successes + failures, failures };
  }

  /** True once nothing has been recorded for a whole window: the statistics are empty. */
  isIdle(now: number): boolean {
    return now - this.#rotatedAt >= this.#slice * SLICES;
  }

  /** True while outcomes still go to the youngest slice. */
  isCurrent(now: number): boolean {
    return now - this.#rotatedAt < this.#slice;
  }

  /** Lets go of the timer that opossum starts when it opens. */
  close(): void {
    this.#circuit.shutdown();
  }

  /** Turns the window as far as time has gone: no interval runs, an idle breaker costs nothing. */
  #rotate(now: number): void {
    const slices = Math.floor((now - this.#rotatedAt) / this.#slice);
    if (slices <= 0) return;
    this.#rotatedAt += slices * this.#slice;
    for (let i = 0; i < Math.min(slices, SLICES); i++) this.#rotation.emit('rotate');
  }
}
