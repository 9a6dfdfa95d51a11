import type { AttemptStart, CallRef } from './events.ts';
import type { AttemptReport, CallReport } from './report.ts';

/** Goes along with one call, or one attempt. */
export interface Companion<Report> {
  /** Runs what it is given, at once, within something of its own, such as a span that is active meanwhile. */
  within?<Result>(run: () => Result): Result;
  /** It is over, and this is what happened. */
  end(report: Report): void;
}

/** Follows calls and attempts from their beginning to their end, as a tracer does. If it throws, that becomes a warning. */
export interface Instrumentation {
  call(call: CallRef): Companion<CallReport> | undefined;
  attempt(start: AttemptStart): Companion<AttemptReport> | undefined;
}

/** The name of a client's method that adds an `Instrumentation`, and returns a function that removes it. */
export const INSTRUMENT: unique symbol = Symbol.for('steadfetch.instrument') as never;

/** Where every client of the process, of any copy of this package, finds the instrumentations of the process. */
export const PROCESS: unique symbol = Symbol.for('steadfetch.instrumentations') as never;
