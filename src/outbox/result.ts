import type { Delivery } from '../model/failure.ts';
import type { CallReport, ErrorSummary, Stopped } from '../model/report.ts';
import type { Call } from './call.ts';

/**
 * What one sending of a call came to. `'done'`: answered, below 400. `'refused'`: an answer that will not change, or a
 * call that can't be sent at all. `'expired'`: its key has ended. `'later'`: it stays in the outbox and is sent again.
 */
export type Outcome = 'done' | 'refused' | 'expired' | 'later';

/** Why a call is not done: the client's word for it, or one of the outbox's own. */
export type Why =
  | Exclude<Stopped, 'success'>
  /** The call can't be made: the client threw before anything was sent. */
  | 'invalid'
  /** `prepare` threw. */
  | 'prepare'
  /** The outbox has no policy of that name (any more). */
  | 'no-policy'
  /** The durable handler threw: nothing of it was committed. */
  | 'handler'
  /** The destination is down, or is being let recover: it was not sent. */
  | 'paced'
  /** The key has ended. */
  | 'expired';

/** What the outbox remembers of the last sending. No bodies, headers or messages. */
export interface LastTry {
  /** Sendings so far. One that an open breaker kept back does not count. */
  readonly tries: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Why it came to nothing: the report’s `stopped`, or what kept the call from being made. */
  readonly why: Why;
  /** The status of the answer, if there was one. */
  readonly status?: number;
  /** Name and code of the error, if there was one. */
  readonly error?: ErrorSummary;
  /** Of all sendings together: `'unknown'` once any of them may have arrived. */
  readonly delivery: Delivery;
}

/** What `now` resolves with, and what listeners and handlers are given. */
export interface Result {
  /** The call. */
  readonly call: Call;
  /** `'done'`, `'later'`, `'refused'` or `'expired'`. */
  readonly outcome: Outcome;
  /** The answer, if this process got it just now. Its body is unread. */
  readonly response?: Response;
  /** What `callReport` says of the sending, if this process made one just now. */
  readonly report?: CallReport;
  /** The error of the sending, if this process got one just now. */
  readonly error?: unknown;
  /** Absent for `'done'`. */
  readonly last?: LastTry;
  /** Epoch milliseconds before which it will not be sent again; for `'later'`. */
  readonly notBefore?: number;
}
