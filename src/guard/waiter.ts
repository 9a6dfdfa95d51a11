import type { Admission } from './admission.ts';
import type { Refusal } from './guard.ts';

/** A call that wants to go on. */
export interface Visitor {
  /** The number of the attempt that waits; above 1 it is a retry. */
  readonly number: number;
  /** Whether it repeats an attempt that ran out of time. Attempts that hang together run out of time together. */
  readonly isAfterTimeout: boolean;
  /** The higher one goes first in the line of a limit. */
  readonly priority: number;
  /** Monotonic: when the call stops waiting at the latest. */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
  /** Whether no guard refuses the call: it may still have to wait for its turn. */
  isFree(now: number): boolean;
  /** Whether the attempt would be a probe of the breaker, if it were let out now. */
  isProbe(): boolean;
  /** Asks the guards again. */
  enter(now: number): Admission | Refusal;
}

/** The room or the line that the call waits in. */
interface Place<Result> {
  leave(waiter: Waiter<Result>, result: Result | undefined): void;
}

/** One waiting call. A class rather than closures, because thousands may wait. */
export class Waiter<Result> {
  readonly visitor: Visitor;
  /** Monotonic: when the call stops waiting if its queue does not move. */
  readonly until: number;
  readonly #place: Place<Result>;
  readonly #resolve: (result: Result | undefined) => void;

  constructor(
    visitor: Visitor,
    until: number,
    place: Place<Result>,
    resolve: (result: Result | undefined) => void,
  ) {
    this.visitor = visitor;
    this.until = until;
    this.#place = place;
    this.#resolve = resolve;
    visitor.signal?.addEventListener('abort', this);
  }

  /** The call was aborted. */
  handleEvent(): void {
    this.#place.leave(this, undefined);
  }

  /** @param result undefined: the wait was in vain, or the call was aborted */
  end(result: Result | undefined): void {
    this.visitor.signal?.removeEventListener('abort', this);
    this.#resolve(result);
  }
}
