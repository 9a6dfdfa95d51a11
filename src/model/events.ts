import type { BreakerState } from './breaker.ts';
import type { AttemptReason, AttemptReport, CallReport } from './report.ts';

/** Which call an event belongs to. */
export interface CallRef {
  readonly id: string;
  readonly method: string;
  /** Without credentials and query. */
  readonly url: string;
  readonly endpoint: string | undefined;
}

/** What listeners are given, by event name. */
export interface Events {
  /** An attempt ended. */
  attempt: CallRef & { readonly attempt: AttemptReport };
  /** Another attempt will follow, after `delay` milliseconds. */
  retry: CallRef & { readonly number: number; readonly delay: number; readonly reason: AttemptReason };
  /** A call settled: its response headers were handed over, or it threw. */
  settled: CallReport;
  /** A breaker changed its state. */
  breaker: {
    readonly scope: string;
    readonly from: BreakerState;
    readonly to: BreakerState;
    /** Epoch milliseconds. */
    readonly at: number;
    readonly reason: string;
  };
  /** A retry was refused because the scope's budget was empty. */
  budget: CallRef & { readonly scope: string };
}
