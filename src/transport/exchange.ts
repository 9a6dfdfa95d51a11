import type { FetchInit } from '../policy/options.ts';
import type { Runtime } from '../runtime.ts';
import type { Limits } from './clock.ts';

/** What one attempt sends, and within which limits. */
export interface Order {
  /** Absolute. */
  readonly url: string;
  readonly init: FetchInit;
  /** Undefined: no clock of ours runs. */
  readonly limits: Limits | undefined;
  /** Bytes of response body that belong to the attempt; 0: none. */
  readonly buffer: number;
  readonly runtime: Runtime;
  /** Told of an error that ends the body after the response was handed over. */
  readonly bodyFailed: (error: unknown) => void;
}

/** Where an error came from: the network reported it, or the request body threw it while it was sent. */
export type Fault = 'network' | 'body';

/**
 * One attempt on the wire, and what is known of it: facts, not guesses.
 *
 * Connections and timers keep hold of it, so it must not hold the response: one that nobody reads could otherwise
 * never be collected, and its connection never be freed.
 */
export interface Exchange {
  /** Sends, once. */
  send(): Promise<Response>;
  /** False only while it is certain that no byte of the request left. */
  readonly sent: boolean;
  /** The status, once the final headers have come, even if the body then failed. */
  readonly status: number | undefined;
  /** Why `send` rejected; undefined if the request itself was refused (a bad header, a forbidden redirect). */
  readonly fault: Fault | undefined;
}

export type Transport = (order: Order) => Exchange;
