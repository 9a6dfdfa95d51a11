import type { AttemptStart, CallRef } from '../model/events.ts';
import { type Companion, type Instrumentation, PROCESS } from '../model/instrumentation.ts';
import type { AttemptReport, CallReport } from '../model/report.ts';
import { tracingChannel } from '../platform/diagnostics.ts';
import { warn } from '../platform/warn.ts';

/** The message of the tracing channel `steadfetch:call`. `report` is set once the call is over. */
export interface CallTrace {
  readonly call: CallRef;
  report?: CallReport;
}

const calls = tracingChannel<CallTrace>('steadfetch:call');
const shared = globalThis as { [PROCESS]?: Set<Instrumentation> };

/** The instrumentations of every client in this process. */
export function processInstrumentations(): Set<Instrumentation> {
  shared[PROCESS] ??= new Set();
  return shared[PROCESS];
}

/** The instrumentations that wrap the calls and attempts of a client. Without any, nothing is built. */
export class Instrumentations {
  readonly #own = new Set<Instrumentation>();

  /** Adds an instrumentation. Returns a function that removes it. */
  readonly add = (instrumentation: Instrumentation): (() => void) => {
    this.#own.add(instrumentation);
    return () => this.#own.delete(instrumentation);
  };

  get isEmpty(): boolean {
    return this.#own.size === 0 && !shared[PROCESS]?.size;
  }

  /** Whether calls need no wrapping. */
  get isCallPlain(): boolean {
    return this.isEmpty && !calls.hasSubscribers;
  }

  call<Result>(call: CallRef, run: () => Promise<Result>, report: () => CallReport): Promise<Result> {
    const accompanied = () =>
      accompany(
        this.#start((instrumentation) => instrumentation.call(call)),
        run,
        report,
      );
    if (!calls.hasSubscribers) return accompanied();
    const trace: CallTrace = { call };
    const told = () =>
      accompanied().finally(() => {
        trace.report = report();
      });
    return calls.tracePromise(told, trace);
  }

  attempt<Result>(
    start: AttemptStart,
    run: () => Promise<Result>,
    report: (result: Result) => AttemptReport,
  ): Promise<Result> {
    const companions = this.#start((instrumentation) => instrumentation.attempt(start));
    return within(companions, run).then((result) => {
      end(companions, report(result));
      return result;
    });
  }

  #start<Report>(
    start: (instrumentation: Instrumentation) => Companion<Report> | undefined,
  ): readonly Companion<Report>[] {
    const companions: Companion<Report>[] = [];
    const add = (instrumentation: Instrumentation) => {
      try {
        const companion = start(instrumentation);
        if (companion !== undefined) companions.push(companion);
      } catch (error) {
        warn(error);
      }
    };
    this.#own.forEach(add);
    shared[PROCESS]?.forEach(add);
    return companions;
  }
}

function accompany<Result, Report>(
  companions: readonly Companion<Report>[],
  run: () => Promise<Result>,
  report: () => Report,
): Promise<Result> {
  return within(companions, run).then(
    (result) => {
      end(companions, report());
      return result;
    },
    (error) => {
      end(companions, report());
      throw error;
    },
  );
}

function within<Result, Report>(companions: readonly Companion<Report>[], run: () => Result): Result {
  let wrapped = run;
  for (const companion of companions) {
    const inner = wrapped;
    const outer = companion.within?.bind(companion);
    if (outer !== undefined) wrapped = () => enter(outer, inner);
  }
  return wrapped();
}

/** A tracer that throws, before the work or after it, is no end of the work: its permits would never be given back. */
function enter<Result>(outer: (run: () => Result) => Result, inner: () => Result): Result {
  const work: { isBegun: boolean; done?: { readonly result: Result } } = { isBegun: false };
  const run = () => {
    work.isBegun = true;
    const result = inner();
    work.done = { result };
    return result;
  };
  try {
    return outer(run);
  } catch (error) {
    // Work that was begun and is not done threw this itself.
    if (work.isBegun && work.done === undefined) throw error;
    warn(error);
    return work.done === undefined ? inner() : work.done.result;
  }
}

function end<Report>(companions: readonly Companion<Report>[], report: Report): void {
  for (const companion of companions) {
    try {
      companion.end(report);
    } catch (error) {
      warn(error);
    }
  }
}
