import type { Delivery } from './failure.ts';

/** Why a call ended. */
export type Stopped =
  /** The last response has a status below 400. */
  | 'success'
  /** The last response has a status that is not retried. */
  | 'final-status'
  /** All attempts are used up. */
  | 'attempts'
  /** The call's time is over, or too short for a pause and another attempt. */
  | 'deadline'
  /** The retry budget is empty. */
  | 'budget'
  /** The breaker is open. */
  | 'breaker'
  /** The limit is reached, and the queue was full or the wait over. */
  | 'limit'
  /** The body can't be sent again, or the caller's body failed. */
  | 'body'
  /** The request may have arrived, and to repeat it could do the work twice. */
  | 'unsafe'
  /** The caller's signal aborted. */
  | 'aborted'
  /** The rules forbid a retry: an error that stays, `retry.when`, a Retry-After above `retry.retryAfter`. */
  | 'policy';

/**
 * How an attempt ended. `'success'`: a status below 400. `'status'`: a status that is retried; `'final-status'`: one that is not.
 * `'timeout'`: a timeout ran out. `'network'`: the connection failed. `'body'`: the caller's body failed. `'invalid'`: the request
 * can't be sent as it is. `'aborted'`: the caller aborted.
 */
export type AttemptReason =
  | 'success'
  | 'status'
  | 'final-status'
  | 'timeout'
  | 'network'
  | 'body'
  | 'invalid'
  | 'aborted'
  /** Another attempt of the call was answered first: see `hedge`. */
  | 'lost';

/** An error without its message, because messages may hold URLs and other secrets. */
export interface ErrorSummary {
  /** The error's name, such as `TypeError`. */
  readonly name: string;
  /** The first `code` along the error's chain of causes. */
  readonly code?: string;
}

/** One attempt. */
export interface AttemptReport {
  /** The attempt's number, counted from 1. A hedge has the number of the attempt beside which it was sent. */
  readonly number: number;
  /** True for a hedge: the attempt was sent beside a late one. The attempt that lost the race has the reason `'lost'`. */
  readonly hedge?: true;
  /** When the attempt began, in epoch milliseconds. */
  readonly startedAt: number;
  /** Milliseconds until the response headers arrived, or the error. */
  readonly duration: number;
  /** Milliseconds of pause before the attempt; for a hedge, the age of the late attempt. */
  readonly waited: number;
  /** The response's status; absent: there was no response. */
  readonly status?: number;
  /** The error; absent: there was a response. */
  readonly error?: ErrorSummary;
  /** Whether the request left. */
  readonly delivery: Delivery;
  /** How the attempt ended. */
  readonly reason: AttemptReason;
}

/**
 * How a response body ended. `'ended'`: it is complete. `'cancelled'`: the caller did not want the rest (cancelled, aborted, or
 * dropped the response unread, ended the dispatcher, or has limited bodies there). `'idle'`, `'body'`, `'total'`: that timeout ran out. `'network'`: the connection broke.
 */
export type BodyEnd = 'ended' | 'cancelled' | 'idle' | 'body' | 'total' | 'network';

/** The end of a response body. */
export interface BodyReport {
  /** How the body ended. */
  readonly end: BodyEnd;
  /** Bytes that arrived, as they were sent: before a content-coding is decoded. */
  readonly bytes: number;
  /** Milliseconds from the response headers to the end of the body. */
  readonly duration: number;
}

/** What happened in one logical call. A report holds no bodies, headers, credentials or query strings. */
export interface CallReport {
  /** A UUID of this call, the same in all its events. Not a secret: ids count up, so the id of the next call can be guessed. */
  readonly id: string;
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The URL, without credentials and query, and with path segments masked that look like secrets: see the option `redact`. */
  readonly url: string;
  /** The endpoint rule that matched, as you wrote it; undefined: no rule matched. */
  readonly endpoint: string | undefined;
  /** The scope whose breaker and budget the call used; undefined: neither was used. */
  readonly scope: string | undefined;
  /**
   * The key that every attempt carried; undefined: the call had no key. In the `settled` event a key that you gave appears as its
   * hash (`hashKey`), because events are often logged, and a key may be an order's number or an address.
   */
  readonly idempotencyKey: string | undefined;
  /**
   * Whether a repeat is known to do no harm: the method is idempotent, the caller gave the key, or a rule names the dialect.
   * False: the key was made by default, and a server that ignores keys does the work again for each repeat.
   */
  readonly vouched: boolean;
  /** When the call began, in epoch milliseconds. */
  readonly startedAt: number;
  /** Milliseconds until the call settled. */
  readonly duration: number;
  /** `'answered'` if the last attempt was answered; else `'unknown'` if any attempt may have arrived; else `'not-sent'`. */
  readonly delivery: Delivery;
  /** Why the call ended. docs/what-now.md says what to do. */
  readonly stopped: Stopped;
  /** All attempts in their order. Empty if nothing could be sent. */
  readonly attempts: readonly AttemptReport[];
  /** Present if a `fallback` gave the response; `stopped` and `delivery` say how the call itself ended. */
  readonly fallback?: true;
  /**
   * The end of the body of the returned response. Undefined until the body has ended, and where steadfetch can't see the body.
   */
  readonly body?: BodyReport;
}
