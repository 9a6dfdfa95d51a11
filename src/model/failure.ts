/** Whether the request left: `'not-sent'` (no byte of it), `'unknown'` (it may have arrived; no response), `'answered'`. */
export type Delivery = 'not-sent' | 'unknown' | 'answered';

/** A failed attempt, the argument of `retry.when`. */
export interface RetryFailure {
  /** The number of the attempt that failed, counted from 1. */
  readonly attempt: number;
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The URL, without credentials and query. */
  readonly url: string;
  /** Whether the request left. */
  readonly delivery: Delivery;
  /** The response's status; absent: there was no response. */
  readonly status?: number;
  /** The response's headers; absent: there was no response. */
  readonly headers?: Headers;
  /** The error; absent: there was a response. */
  readonly error?: unknown;
}
