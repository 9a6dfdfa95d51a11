import type { AttemptStart, CallRef } from './events.ts';
import type { AttemptReport, CallReport } from './report.ts';

/**
 * Runs calls and attempts within something of its own, as a tracer does: a span that is active meanwhile. It has to run
 * what it is given, at once, and to return what that returns.
 */
export interface Instrumentation {
  /** @param report what happened, once it is over */
  call<Result>(call: CallRef, run: () => Promise<Result>, report: () => CallReport): Promise<Result>;
  /** @param report what happened, by what `run` gave */
  attempt<Result>(
    start: AttemptStart,
    run: () => Promise<Result>,
    report: (result: Result) => AttemptReport,
  ): Promise<Result>;
}

/** A client's method that takes an `Instrumentation`, and returns the function that takes it off again. */
export const INSTRUMENT: unique symbol = Symbol.for('steadfetch.instrument') as never;

/** Where every client of the process looks for instrumentations, of whichever copy of this package. */
export const PROCESS: unique symbol = Symbol.for('steadfetch.instrumentations') as never;
