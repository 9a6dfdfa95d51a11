import type { Delivery } from './failure.ts';
import type { Stopped } from './report.ts';

/** A failed call, as `fallback` sees it. */
export interface CallFailure {
  /** The method, in upper case. */
  readonly method: string;
  /** The URL without credentials, query and fragment. */
  readonly url: string;
  /** The endpoint rule that matched, as you wrote it. */
  readonly endpoint: string | undefined;
  /** Why the call ended. */
  readonly stopped: Stopped;
  /** Whether a request left. */
  readonly delivery: Delivery;
  /** The number of attempts that were made. */
  readonly attempts: number;
  /** The status of the last response, if there is one. */
  readonly status?: number;
  /** The headers of the last response, if there is one. */
  readonly headers?: Headers;
  /** The error that the call would reject with, if there is no response. */
  readonly error?: unknown;
}

/** Gives a response in place of a failure; undefined: the failure stands. */
export type Fallback = (failure: CallFailure) => Response | undefined | Promise<Response | undefined>;
