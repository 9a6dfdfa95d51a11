import type { Delivery } from './failure.ts';

/** Why a call ended. */
export type Stopped =
  /** An answer below 400. */
  | 'success'
  /** An answer whose status is not retried. */
  | 'final-status'
  /** No attempts left. */
  | 'attempts'
  /** No time left for a pause and another attempt. */
  | 'deadline'
  /** The retry budget was empty. */
  | 'budget'
  /** The breaker was open. */
  | 'breaker'
  /** The body could not be sent again. */
  | 'body'
  /** A repeat could have done the work twice. */
  | 'unsafe'
  /** The caller's signal. */
  | 'aborted'
  /** The rules said no: an error that will not heal, `retry.when`, a Retry-After beyond `retry.retryAfter`. */
  | 'policy';

/** Why an attempt ended as it did. */
export type AttemptReason =
  | 'success'
  | 'status'
  | 'final-status'
  | 'timeout'
  | 'network'
  | 'body'
  | 'invalid'
  | 'aborted';

/** An error, without its message: messages may hold URLs and other secrets. */
export interface ErrorSummary {
  /** Such as `TypeError`. */
  readonly name: string;
  /** The first `code` found along the chain of causes. */
  readonly code?: string;
}

/** One attempt. */
export interface AttemptReport {
  /** Counted from 1. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Milliseconds until the response headers, or the error. */
  readonly duration: number;
  /** Milliseconds of pause before it. */
  readonly waited: number;
  /** Of the response, if there was one. */
  readonly status?: number;
  /** If there was no response. */
  readonly error?: ErrorSummary;
  /** Whether its request left. */
  readonly delivery: Delivery;
  /** Why it ended as it did. */
  readonly reason: AttemptReason;
}

/**
 * How a response's body ended: all of it came; nobody wanted the rest (cancelled, aborted, or dropped unread); a timeout
 * (`'idle'`, `'body'`, `'total'`); or the connection broke off.
 */
export type BodyEnd = 'ended' | 'cancelled' | 'idle' | 'body' | 'total' | 'network';

/** What came of a response's body. */
export interface BodyReport {
  /** How it ended. */
  readonly end: BodyEnd;
  /** That came, as they were sent: before a content-coding is undone. */
  readonly bytes: number;
  /** Milliseconds from the response headers to the end. */
  readonly duration: number;
}

/** What happened in one logical call. Holds no bodies, headers, credentials or query strings. */
export interface CallReport {
  /** A UUID of this call, the same in all its events. Not secret: the next call's is one more. */
  readonly id: string;
  /** In upper case. */
  readonly method: string;
  /** Without credentials and query, and without what looks like a secret in its path: see the option `redact`. */
  readonly url: string;
  /** The endpoint rule that matched, as you wrote it. */
  readonly endpoint: string | undefined;
  /** Whose breaker and budget the call used; undefined: none. */
  readonly scope: string | undefined;
  /**
   * The key that every attempt carried. In the `settled` event a key that you gave appears as its hash (`hashKey`): the
   * event may be logged, and a key may be an order's number or an address.
   */
  readonly idempotencyKey: string | undefined;
  /**
   * Whether somebody vouches that a repeat does no harm: the method is idempotent, the caller gave the key, or a rule names the
   * dialect. False: the key was made by default, and on a server that ignores keys a repeat does the work again.
   */
  readonly vouched: boolean;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Milliseconds until the call settled. */
  readonly duration: number;
  /** `'answered'` if the last attempt was; else `'unknown'` if any was; else `'not-sent'`. */
  readonly delivery: Delivery;
  /** Why the call ended: docs/what-now.md says what to do. */
  readonly stopped: Stopped;
  /** In their order; none, if nothing could be sent at all. */
  readonly attempts: readonly AttemptReport[];
  /** Of the response that was handed over, once its body has ended; undefined before, and where that can't be seen. */
  readonly body?: BodyReport;
}
