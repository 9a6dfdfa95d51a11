import { TimeoutError, type TimeoutPhase } from '../model/errors.ts';
import type { Runtime } from '../platform/runtime.ts';
import { afterInput, cancel, type Look, ref, type Timer, unref } from '../platform/timers.ts';

/** When an attempt has to be over. Durations in milliseconds; `Infinity` is never. */
export interface Limits {
  readonly attempt: number;
  readonly idle: number;
  readonly body: number;
  readonly total: number;
  /** Monotonic: when `total` is used up. */
  readonly deadline: number;
}

/** Whose time an AttemptClock keeps. */
export interface Timed {
  /** Whether the reader of the body has asked for a pause: silence is not the server's then. */
  readonly paused: boolean;
  expired(error: TimeoutError): void;
  /**
   * Whether an attempt whose time is over has its time anew, since nothing was sent in it. Absent where that can't be seen.
   * @param due when it was over, monotonic
   * @param late milliseconds by which its timer was late
   */
  beginsAnew?(due: number, late: number): boolean;
}

/**
 * The timeouts of one attempt on a single timer. First `timeout.attempt` runs, until the response headers; then the idle timeout
 * and the body's, until the end of the body. The total deadline runs beside them until the response is handed over: a body that
 * keeps coming may take as long as it likes.
 * A chunk only notes the time: the timer, when it fires, looks whether it is really due.
 */
export class AttemptClock {
  readonly #limits: Limits;
  readonly #runtime: Runtime;
  readonly #timed: Timed;
  #attemptDue: number;
  #phase: TimeoutPhase = 'attempt';
  #touchedAt = 0;
  #answeredAt = 0;
  #deadline: number;
  #wasPaused = false;
  #timer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #lastLook: Look | undefined;

  /** @param now when it begins, monotonic */
  constructor(limits: Limits, runtime: Runtime, timed: Timed, now = runtime.now()) {
    this.#limits = limits;
    this.#runtime = runtime;
    this.#timed = timed;
    this.#attemptDue = now + limits.attempt;
    this.#deadline = limits.deadline;
    this.#aim(now);
  }

  /** A request is on its way (again, after a redirect): `timeout.attempt` runs. */
  waiting(): void {
    this.#turn('attempt');
  }

  /** The headers are there: from now on the body must keep coming. */
  answered(now = this.#runtime.now()): void {
    this.#wasPaused = false;
    this.#touchedAt = now;
    this.#answeredAt = now;
    this.#turn('idle', now);
  }

  /** The response was handed over: the deadline of the call is kept. */
  released(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  /** A chunk came. */
  chunk(): void {
    this.#touchedAt = this.#runtime.now();
    this.#wasPaused = this.#timed.paused;
  }

  /** From now on the body can't be watched: only its whole time counts. */
  unwatched(): void {
    this.#turn('body');
  }

  stop(): void {
    clearTimeout(this.#timer);
    cancel(this.#lastLook);
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
  }

  #turn(phase: TimeoutPhase, now?: number): void {
    this.#phase = phase;
    this.#aim(now);
    // An unread body is no reason to keep the process alive; a request without a response is.
    if (phase === 'attempt') ref(this.#timer);
    else unref(this.#timer);
  }

  #due(): number {
    if (this.#phase === 'attempt') return Math.min(this.#attemptDue, this.#deadline);
    const bodyDue = Math.min(this.#answeredAt + this.#limits.body, this.#deadline);
    return this.#phase === 'idle' ? Math.min(this.#touchedAt + this.#limits.idle, bodyDue) : bodyDue;
  }

  /** Makes sure that the timer fires no later than what is due now. */
  #aim(now?: number): void {
    const due = this.#due();
    if (due === Number.POSITIVE_INFINITY) this.stop();
    if (this.#timerDue <= due) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    // Rounded, so that attempts with the same limit share one of Node's timer lists: making a list costs more than
    // the timer. If it fires a little early, it is set again.
    this.#timer = setTimeout(tick, Math.max(0, Math.round(due - (now ?? this.#runtime.now()))), this);
  }

  /** The timer has fired. */
  tick(): void {
    const due = this.#timerDue;
    this.stop();
    this.#runtime.fired?.(due);
    const now = this.#runtime.now();
    if (this.#wasPaused) {
      // Once the reader reads again, the server has its whole time anew.
      this.#touchedAt = now;
      this.#wasPaused = this.#timed.paused;
    }
    if (now < this.#due()) this.#turn(this.#phase);
    // Timers come before I/O: in a process that was busy, the answer may be here and not yet read.
    else this.#lastLook = afterInput(() => this.#judge(now, now - due));
  }

  /** Which clock has run out. */
  #phaseAt(now: number): TimeoutPhase {
    if (now >= this.#deadline) return 'total';
    if (this.#phase !== 'attempt' && now >= this.#answeredAt + this.#limits.body) return 'body';
    return this.#phase;
  }

  #beginsAnew(now: number, late: number): boolean {
    const isAnew =
      this.#phaseAt(now) === 'attempt' && this.#timed.beginsAnew?.(this.#attemptDue, late) === true;
    if (isAnew) this.#attemptDue = this.#runtime.now() + this.#limits.attempt;
    return isAnew;
  }

  /**
   * @param now when the timer fired: how long it took to read the input since then is no silence of the server's
   * @param late milliseconds by which it was late
   */
  #judge(now: number, late: number): void {
    if (now < this.#due() || this.#beginsAnew(now, late)) {
      this.#turn(this.#phase);
    } else {
      this.stop();
      const phase = this.#phaseAt(now);
      this.#timed.expired(new TimeoutError(phase, this.#limits[phase]));
    }
  }
}

function tick(clock: AttemptClock): void {
  clock.tick();
}
