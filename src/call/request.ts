import type { BodySource } from '../body/body-source.ts';
import type { CallUrl } from '../http/call-url.ts';
import type { BodyFactory, FetchBody, FetchInit } from '../model/options.ts';

/** A call's request, taken apart: what the policy needs to see, and what every attempt will send. */
export interface CallRequest {
  /** As it is sent: methods are case-sensitive. */
  readonly method: string;
  readonly url: CallUrl;
  /** Everything that `fetch` is given besides body, signal and dispatcher. */
  readonly init: FetchInit;
  readonly signal: AbortSignal | undefined;
  readonly body: FetchBody | BodyFactory | BodySource | undefined;
  /** The body of a `Request`, which can only be read. */
  readonly stream: ReadableStream<Uint8Array> | undefined;
}
