import CircuitBreaker from 'opossum';
import { EventEmitter } from '../platform/events.ts';

/** The number of slices of opossum's rolling window. */
const SLICES = 10;
/** opossum opens above its percentage. Our threshold opens at its own value, so that a threshold of 1 can be reached. */
const EPSILON = 1e-9;
/** Sums of shares are not exact. One question too many does no harm. */
const ROUNDING = 1e-6;

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
  readonly #rule: FailureRule;
  #rotatedAt: number;
  /** How many more failures of this slice can't open the breaker. */
  #harmless = 0;
  /** Failures about which opossum has not answered yet. */
  #asked = 0;

  constructor(rule: FailureRule, now: number) {
    this.#slice = rule.window / SLICES;
    this.#rule = rule;
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
   * Adds one failure, and says whether the breaker must open: if opossum says so, and would even if all attempts under way were
   * answered. opossum is only asked when it could: for each answer it adds up all its slices, which takes longer than all else that a
   * failure costs.
   */
  failure(now: number, undecided = 0): boolean | Promise<boolean> {
    this.#rotate(now);
    if (this.#harmless === 0) return this.#ask(undecided);
    this.#harmless -= 1;
    this.#circuit.emit('fire');
    this.#circuit.emit('failure', counted);
    return false;
  }

  async #ask(undecided: number): Promise<boolean> {
    this.#asked += 1;
    await this.#circuit.fire().catch(ignore);
    this.#asked -= 1;
    const counts = this.#sum();
    if (!this.#circuit.opened) {
      if (this.#asked === 0) this.#harmless = harmlessFailures(counts, this.#rule);
      return false;
    }
    const isDecided = mustOpen(counts, undecided, this.#rule);
    if (!isDecided) this.#circuit.close();
    return isDecided;
  }

  counts(now: number): Counts {
    this.#rotate(now);
    return this.#sum();
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

  #sum(): Counts {
    const { successes, failures } = this.#circuit.stats;
    return { attempts: successes + failures, failures };
  }

  /** Rotates the window to the present time. There is no interval timer, so an idle breaker costs nothing. */
  #rotate(now: number): void {
    const slices = Math.floor((now - this.#rotatedAt) / this.#slice);
    if (slices <= 0) return;
    this.#rotatedAt += slices * this.#slice;
    this.#harmless = 0;
    for (let i = 0; i < Math.min(slices, SLICES); i++) this.#rotation.emit('rotate');
  }
}

/** Whether the rule holds even if all attempts under way are answered. */
function mustOpen({ attempts, failures }: Counts, undecided: number, { threshold }: FailureRule): boolean {
  return failures > threshold * (attempts + undecided) - EPSILON;
}

/** How many failures more leave the rule unmet, whatever comes between them: a success only puts it off. */
function harmlessFailures({ attempts, failures }: Counts, { threshold, minimum }: FailureRule): number {
  const forShare = (threshold * attempts - failures) / (1 - threshold);
  // With a threshold of 1 a single success is enough; without one, 0 is divided by 0.
  const needed = Math.max(threshold * minimum - failures, Number.isNaN(forShare) ? 0 : forShare);
  return Math.max(0, Math.ceil(needed - ROUNDING) - 1);
}
