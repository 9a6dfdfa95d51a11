import type { AttemptStart, CallRef } from '../model/events.ts';
import { type Instrumentation, PROCESS } from '../model/instrumentation.ts';
import type { AttemptReport, CallReport } from '../model/report.ts';
import { tracingChannel } from '../platform/diagnostics.ts';

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
    const wrapped = this.#all().reduce(
      (inner, instrumentation) => () => instrumentation.call(call, inner, report),
      run,
    );
    if (!calls.hasSubscribers) return wrapped();
    const trace: CallTrace = { call };
    const told = () =>
      wrapped().finally(() => {
        trace.report = report();
      });
    return calls.tracePromise(told, trace);
  }

  attempt<Result>(
    start: AttemptStart,
    run: () => Promise<Result>,
    report: (result: Result) => AttemptReport,
  ): Promise<Result> {
    const wrapped = this.#all().reduce(
      (inner, instrumentation) => () => instrumentation.attempt(start, inner, report),
      run,
    );
    return wrapped();
  }

  #all(): readonly Instrumentation[] {
    return [...this.#own, ...(shared[PROCESS] ?? [])];
  }
}
