import type { BreakerState, OpenCause } from './breaker.ts';
import type { PolicyChange } from './policy-change.ts';
import type { AttemptReason, AttemptReport, BodyReport, CallReport } from './report.ts';

/** The call that an event belongs to. */
export interface CallRef {
  /** A UUID of the call, the same in all its events. */
  readonly id: string;
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The URL, without credentials and query: see the option `redact`. */
  readonly url: string;
  /** The endpoint rule that matches, as you wrote it; undefined: no rule matches. */
  readonly endpoint: string | undefined;
  /** The scope whose breaker and budget the call uses; undefined: neither is used. */
  readonly scope: string | undefined;
}

/** The guards that may refuse an attempt. */
export type GuardName = 'breaker' | 'budget' | 'limit' | 'quota';

/**
 * Why each guard let the attempt in. `breaker`: `'closed'`; `'probe'` (the attempt is the probe of an open breaker); or
 * `'answering'` (the breaker is open, but this endpoint answers). `budget`: `'first'` (a first attempt costs nothing), `'saved'`
 * (the retry is paid from saved tokens), `'lent'` (from a loan) or `'spare'` (it adds nothing to the usual load). `limit`: `'free'`
 * (a place was free). `quota`: `'within'` (as far as the server has told).
 */
export type AllowedBy = Readonly<Partial<Record<GuardName, string>>>;

/** An attempt that begins. */
export interface AttemptStart extends CallRef {
  /** The attempt's number, counted from 1. A hedge has the number of the attempt beside which it is sent. */
  readonly number: number;
  /** True for a hedge: the attempt is sent beside a late one. */
  readonly hedge?: true;
  /** When the attempt begins, in epoch milliseconds. */
  readonly at: number;
  /** Milliseconds of pause before the attempt; for a hedge, the age of the late attempt. */
  readonly waited: number;
  /** Why each guard let the attempt in. */
  readonly allowedBy: AllowedBy;
}

/** The argument of a listener, by the event's name. */
export interface Events {
  /** An attempt begins. */
  'attempt-start': AttemptStart;
  /** An attempt ended. */
  attempt: CallRef & { readonly attempt: AttemptReport };
  /** Another attempt will follow, after `delay` milliseconds. */
  retry: CallRef & {
    /** The number of the attempt to come, counted from 1. */
    readonly number: number;
    /** Milliseconds until that attempt is sent. */
    readonly delay: number;
    /** How the attempt before it ended. */
    readonly reason: AttemptReason;
    /** Whether a repeat is known to do no harm: see `CallReport`. */
    readonly vouched: boolean;
  };
  /** A call settled: it returned its response, or it threw. */
  settled: CallReport;
  /** The body of the returned response ended. Not emitted where steadfetch can't see the body: with `options.fetch` or a mock. */
  body: CallRef & BodyReport;
  /** A breaker changed its state. Also emitted when the scope of an inherited open breaker is first used. */
  breaker: {
    /** The scope of the breaker, such as `https://api.pay.example`. */
    readonly scope: string;
    /** The state before. */
    readonly from: BreakerState;
    /** The state now. */
    readonly to: BreakerState;
    /** When the state changed, in epoch milliseconds. */
    readonly at: number;
    /** The reason in a few words. */
    readonly reason: string;
    /** Why the breaker opened by itself: how many attempts failed, how they failed, and how the last of them failed. */
    readonly cause?: OpenCause;
  };
  /** A retry was refused, because the budget of the scope is empty. */
  budget: CallRef;
  /** An attempt waits in the queue of the limit. */
  queued: CallRef & {
    /** The guard that the attempt waits for. */
    readonly by: GuardName;
    /** The number of the attempt, counted from 1. */
    readonly number: number;
    /** Attempts that were sent and have no response headers yet. */
    readonly inFlight: number;
    /** The number of attempts that may run at the same time. */
    readonly limit: number | undefined;
    /** Calls that were in the queue when this one came. */
    readonly queued: number;
  };
  /** A guard refused an attempt, and the call ends. Not emitted for a call that goes into the waiting room, or into the queue of the limit. */
  rejected: CallRef & {
    /** The guard that refused. */
    readonly by: GuardName;
    /** The number of the attempt that was not sent, counted from 1. */
    readonly number: number;
  };
  /** The client dropped a scope, because it keeps 1,000 at most. The breaker and budget of that scope start anew. */
  forgotten: {
    /** The scope that was dropped. */
    readonly scope: string;
    /** The state of its breaker; undefined: it had none. */
    readonly breaker: BreakerState | undefined;
  };
  /** `update` changed the rules. Not emitted by an update that changes nothing. */
  update: {
    /** When the rules changed, in epoch milliseconds. */
    readonly at: number;
    /** The values that changed. */
    readonly changes: readonly PolicyChange[];
  };
}

/** The names of all events, in the order in which they can occur in a call. */
export const eventNames = Object.freeze([
  'queued',
  'rejected',
  'attempt-start',
  'breaker',
  'attempt',
  'budget',
  'retry',
  'settled',
  'body',
  'forgotten',
  'update',
] as const satisfies readonly (keyof Events)[]);
