/** Whether the request left: `'not-sent'` (no byte of it), `'unknown'` (sent, no answer), `'answered'`. */
export type Delivery = 'not-sent' | 'unknown' | 'answered';

/** A failed attempt, as `retry.when` sees it. */
export interface RetryFailure {
  /** Which attempt failed, counted from 1. */
  readonly attempt: number;
  /** In upper case. */
  readonly method: string;
  /** Without credentials and query. */
  readonly url: string;
  /** Whether the request left. */
  readonly delivery: Delivery;
  /** The response's status, if there was an answer. */
  readonly status?: number;
  /** The response's headers, if there was an answer. */
  readonly headers?: Headers;
  /** What the attempt threw, if it threw. */
  readonly error?: unknown;
}
