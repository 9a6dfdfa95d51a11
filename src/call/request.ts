import type { BodySource } from '../body/body-source.ts';
import type { CallUrl } from '../http/call-url.ts';
import type { BodyFactory, FetchBody, FetchInit } from '../model/options.ts';

/** A call's request, taken apart: what the policy looks at, and what every attempt sends. */
export interface CallRequest {
  /** The method as it is sent: methods are case-sensitive. */
  readonly method: string;
  readonly url: CallUrl;
  /** All that `fetch` is given, except body, signal and dispatcher. */
  readonly init: FetchInit;
  readonly signal: AbortSignal | undefined;
  readonly body: FetchBody | BodyFactory | BodySource | undefined;
  /** The body of a `Request`, which can only be read once. */
  readonly stream: ReadableStream<Uint8Array> | undefined;
  /** Whether the request is an attempt of another client's call, which retries it: then it is tried once. */
  readonly isAttempt?: boolean;
}
