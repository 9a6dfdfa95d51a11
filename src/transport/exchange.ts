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
  readonly bodyFailed: (error: object) => void;
}

/** One attempt on the wire, and what is known of it: facts, not guesses. */
export interface Exchange {
  /** The response, or why there is none. */
  readonly response: Promise<Response>;
  /** False only while it is certain that no byte of the request left. */
  readonly sent: boolean;
  /** The status, once the final headers have come, even if the body then failed. */
  readonly status: number | undefined;
  /** What the network reported; undefined if the request never got that far (a bad header, a forbidden redirect). */
  readonly failure: unknown;
}

export type Transport = (order: Order) => Exchange;
