import type { HeaderReader } from '../http/headers.ts';
import type { FetchBody, FetchInit } from '../model/options.ts';
import type { BodyReport } from '../model/report.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { Limits } from './clock.ts';

/** What the rules have to see of a response; its body is the transport's business. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** The maker of the call, who may end it. */
export interface AbortSource {
  readonly aborted: boolean;
  /** Made when first asked for, where that costs something. */
  readonly signal: AbortSignal;
  /** Tells `target` of an abort, until `unlisten`. An abort that was before is not told. */
  listen?(target: AbortTarget): void;
  unlisten?(target: AbortTarget): void;
  /** Tells `target` of an abort, for as long as `target` is held elsewhere. */
  keep?(target: AbortTarget): void;
}

/** Whatever can be ended by the caller. */
export interface AbortTarget {
  aborted(reason: unknown): void;
  /** Whether there is nothing left to end. */
  readonly isOver?: boolean;
  /** Calls `listener` once there is nothing left to end. */
  whenOver?(listener: () => void): void;
}

/** What one attempt sends, and within which limits. */
export interface AttemptRequest {
  readonly url: Pick<URL, 'href' | 'origin'>;
  /** As the caller has it; `headers` and `body` below take the place of those in it. */
  readonly init: FetchInit;
  readonly headers: FetchInit['headers'];
  readonly body: FetchBody | undefined;
  readonly caller: AbortSource | undefined;
  /** Undefined: the call has no timeouts. */
  readonly limits: Limits | undefined;
  /** Bytes of response body that belong to the attempt; 0: none. */
  readonly buffer: number;
  readonly runtime: Runtime;
  /** When it is sent, monotonic. */
  readonly now: number;
  /**
   * Whether the connection is closed if this attempt is answered with a 5xx and discarded. Behind a balancer a connection
   * may lead to the one server that is broken, so the next attempt takes another one.
   */
  readonly closes: boolean;
  /** Whether the call may make other attempts. */
  readonly isRetried: boolean;
  readonly record: ExchangeRecord;
}

/** What is noted of a call, as its exchanges need it. */
export interface ExchangeRecord {
  /** Shown what the caller will get hold of: the response, and an error that ends its body. */
  remember(subject: unknown): void;
  /** The body of the response that was handed over has ended. */
  bodyEnded(body: BodyReport): void;
}

/**
 * Where an error came from: the network reported it, the request body threw it while it was sent, or the response is such that no
 * client could make sense of it.
 */
export type Fault = 'network' | 'body' | 'response';

/**
 * One attempt on the wire, and what is known of it: facts, not guesses.
 *
 * Connections and timers keep hold of it, so it must not hold the response: an unread one could otherwise
 * never be collected, and its connection never be freed.
 */
export interface Exchange<A extends ResponseHead = Response> {
  /** Sends, once. The request is not kept: a response keeps its exchange alive, and need not keep the body. */
  send(request: AttemptRequest): Promise<A>;
  /**
   * One header of an answer, its values joined. `Headers` of all of them would cost more than the rest of a failed attempt.
   * @param answer undefined: the one that an interceptor made an error of
   */
  header(answer: A | undefined, name: string): string | null;
  /** The answer is the call's: from now on the record is told how the body ends; at once, if it has. */
  handedOver(answer: A): void;
  /** Ends the attempt: another one was answered first. `send` rejects at once. */
  cancel(): void;
  /** Lets go of a response that will not be read. Returns at once. */
  discard(answer: A): void;
  /** False only while it is certain that no byte of the request left. */
  readonly sent: boolean;
  /** Monotonic: when it left the queue of our own pool; undefined if it did not, or where that can't be seen. */
  readonly sentAt?: number | undefined;
  /** The status, once the final headers have come, even if the body then failed. */
  readonly status: number | undefined;
  /** The answer that an interceptor of the user's made the error of. */
  readonly answer?: { readonly status: number; readonly headers: HeaderReader } | undefined;
  /** Why `send` rejected; undefined if the request itself was refused (a bad header, a forbidden redirect). */
  readonly fault: Fault | undefined;
}

/** Gives each attempt its exchange. */
export type Transport<A extends ResponseHead = Response> = () => Exchange<A>;
