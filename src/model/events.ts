import type { BreakerState, OpenCause } from './breaker.ts';
import type { PolicyChange } from './policy-change.ts';
import type { AttemptReason, AttemptReport, BodyReport, CallReport } from './report.ts';

/** Which call an event belongs to. */
export interface CallRef {
  /** A UUID of the call, the same in all its events. */
  readonly id: string;
  /** In upper case. */
  readonly method: string;
  /** Without credentials and query. */
  readonly url: string;
  /** The endpoint rule that matched, as you wrote it. */
  readonly endpoint: string | undefined;
  /** Whose breaker and budget the call uses; undefined: none. */
  readonly scope: string | undefined;
}

/** What may turn an attempt away. */
export type GuardName = 'breaker' | 'budget';

/**
 * What allowed an attempt, a word for each guard: the breaker was `'closed'`, or this is a `'probe'`, or
 * the breaker is open, but this endpoint is `'answering'`; the budget asks
 * nothing of the `'first'` attempt, and a retry is paid from what was `'saved'` or `'lent'`.
 */
export type AllowedBy = Readonly<Partial<Record<GuardName, string>>>;

/** An attempt is about to be sent. */
export interface AttemptStart extends CallRef {
  /** Counted from 1. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Milliseconds of pause before it. */
  readonly waited: number;
  /** What allowed it, a word for each guard. */
  readonly allowedBy: AllowedBy;
}

/** What listeners are given, by event name. */
export interface Events {
  /** An attempt begins. */
  'attempt-start': AttemptStart;
  /** An attempt ended. */
  attempt: CallRef & { readonly attempt: AttemptReport };
  /** Another attempt will follow, after `delay` milliseconds. */
  retry: CallRef & {
    /** Of the attempt to come, counted from 1. */
    readonly number: number;
    /** Milliseconds until it is sent. */
    readonly delay: number;
    /** Why the attempt before it ended. */
    readonly reason: AttemptReason;
    /** See `CallReport`. */
    readonly vouched: boolean;
  };
  /** A call settled: its response headers were handed over, or it threw. */
  settled: CallReport;
  /** The body of the response that was handed over has ended. Not told where a body can't be seen: with `options.fetch`, a mock. */
  body: CallRef & BodyReport;
  /** A breaker changed its state; or an open one was inherited, when its scope is first used. */
  breaker: {
    /** Such as `https://api.pay.example`. */
    readonly scope: string;
    /** The state before. */
    readonly from: BreakerState;
    /** The state now. */
    readonly to: BreakerState;
    /** Epoch milliseconds. */
    readonly at: number;
    /** In a few words. */
    readonly reason: string;
    /** If it opened by itself: how many attempts failed, of what kind, and what the last one came to. */
    readonly cause?: OpenCause;
  };
  /** A retry was refused because the scope's budget was empty. */
  budget: CallRef;
  /** A guard turned an attempt away: its call ends. A call that waits for room is not turned away. */
  rejected: CallRef & {
    /** Which guard. */
    readonly by: GuardName;
    /** Of the attempt that was not sent, counted from 1. */
    readonly number: number;
  };
  /** A scope was dropped, because there were more than the client keeps. Its breaker and budget start anew. */
  forgotten: { readonly scope: string; readonly breaker: BreakerState | undefined };
  /** The rules were changed by `update`. An update that changes nothing is none. */
  update: {
    /** Epoch milliseconds. */
    readonly at: number;
    /** Each value that is another one now. */
    readonly changes: readonly PolicyChange[];
  };
}

/** The names of all events, in the order in which a call can have them. */
export const eventNames = Object.freeze([
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
