import type { AttemptStart, CallRef } from './events.ts';
import type { AttemptReport, CallReport } from './report.ts';

/**
 * Wraps calls and attempts in a context of its own, such as a tracer's active span. Each method must run `run` at once and return
 * the result of `run`.
 */
export interface Instrumentation {
  /**
   * Wraps a call.
   * @param report makes the report of the call, once the call is over
   */
  call<Result>(call: CallRef, run: () => Promise<Result>, report: () => CallReport): Promise<Result>;
  /**
   * Wraps an attempt.
   * @param report makes the report of the attempt, from the result of `run`
   */
  attempt<Result>(
    start: AttemptStart,
    run: () => Promise<Result>,
    report: (result: Result) => AttemptReport,
  ): Promise<Result>;
}

/** The name of a client's method that adds an `Instrumentation`, and returns a function that removes it. */
export const INSTRUMENT: unique symbol = Symbol.for('steadfetch.instrument') as never;

/** Where every client of the process, of any copy of this package, finds the instrumentations of the process. */
export const PROCESS: unique symbol = Symbol.for('steadfetch.instrumentations') as never;
