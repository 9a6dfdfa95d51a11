import type { Runtime } from '../runtime.ts';
import { TimeoutError } from '../verdict/errors.ts';

/** When an attempt has to be over. Durations in milliseconds; `Infinity` is never. */
export interface Limits {
  readonly attempt: number;
  readonly idle: number;
  readonly total: number;
  /** Monotonic: when `total` is used up. */
  readonly deadline: number;
}

/**
 * The three clocks of one attempt on a single timer. First the attempt clock runs, until the response headers;
 * then the idle clock, until the end of the body; the total deadline runs beside both.
 * A chunk only notes the time: the timer, when it fires, looks whether it is really due.
 */
export class AttemptClock {
  readonly #limits: Limits;
  readonly #runtime: Runtime;
  readonly #expired: (error: TimeoutError) => void;
  readonly #attemptDue: number;
  #phase: 'attempt' | 'idle' = 'attempt';
  #touchedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  readonly #isPaused: () => boolean;
  #wasPaused = false;

  constructor(
    limits: Limits,
    runtime: Runtime,
    expired: (error: TimeoutError) => void,
    isPaused: () => boolean,
  ) {
    this.#limits = limits;
    this.#runtime = runtime;
    this.#expired = expired;
    this.#isPaused = isPaused;
    this.#attemptDue = runtime.now() + limits.attempt;
    this.#aim();
  }

  /** A request is on its way (again, after a redirect): the attempt clock counts. */
  waiting(): void {
    this.#phase = 'attempt';
    this.#aim();
  }

  /** The headers are there: from now on the body must keep coming. */
  answered(): void {
    this.#phase = 'idle';
    this.#touchedAt = this.#runtime.now();
    this.#aim();
    // A body that nobody reads is no reason to keep the process alive.
    this.#timer?.unref();
  }

  /** A chunk came. */
  chunk(): void {
    this.#touchedAt = this.#runtime.now();
    this.#wasPaused = this.#isPaused();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
  }

  #due(): number {
    if (this.#phase === 'attempt') return Math.min(this.#attemptDue, this.#limits.deadline);
    return Math.min(this.#touchedAt + this.#limits.idle, this.#limits.deadline);
  }

  /** Makes sure that the timer fires no later than what is due now. */
  #aim(): void {
    const due = this.#due();
    if (due === Number.POSITIVE_INFINITY || this.#timerDue <= due) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(this.#tick, Math.max(0, due - this.#runtime.now()));
    if (this.#phase === 'idle') this.#timer.unref();
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = this.#runtime.now();
    if (this.#wasPaused) {
      // The reader asked for the silence. Once it reads again, the server has its whole time anew.
      this.#touchedAt = now;
      this.#wasPaused = this.#isPaused();
    }
    if (now < this.#due()) {
      this.#aim();
    } else {
      const phase = now >= this.#limits.deadline ? 'total' : this.#phase;
      this.#expired(new TimeoutError(phase, this.#limits[phase]));
    }
  };
}
