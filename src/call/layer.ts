import { GRPC_TIMEOUT, readTimeLeft } from '../http/time-left.ts';
import { isToken } from '../options/checks.ts';
import { asyncContext } from '../platform/async-context.ts';
import { systemRuntime } from '../platform/runtime.ts';

/**
 * The header that asks a service to try its own calls for this request only once. A structured-field boolean (RFC 9651). A client
 * sends this header when it is retrying, when it has no retry left, and when it received the header itself.
 */
export const NO_RETRY = { header: 'no-retry', value: '?1' } as const;

/** Inbound headers, in the form that Node's or the web's servers have. */
export type InboundHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Which headers of an inbound request count. */
export interface InboundOptions {
  /**
   * The header that says how much time the request has left. Its value is in whole milliseconds, in `grpc-timeout` as gRPC writes
   * it. A value that makes no sense sets no deadline.
   * @default 'grpc-timeout'
   */
  readonly deadline?: string;
}

/** What an inbound request asks of the calls that are made for it. */
interface Inbound {
  readonly tryOnce: boolean;
  /** When the request must be answered, monotonic; `Infinity`: it did not say. */
  readonly deadline: number;
}

const inbound = asyncContext<Inbound>();

/**
 * Runs the handler of an inbound request. Each call that the handler makes keeps to what the request said:
 *
 * - `no-retry: ?1`: a client with `layers: true` makes one attempt. Otherwise the attempts of all layers would multiply.
 * - `grpc-timeout: 800m`: a client with the option `deadline` ends the call when that time is over, and passes on what is left of it.
 *
 * @param headers the headers of the inbound request
 * @param handler called at once
 * @returns what `handler` returns
 * @throws {TypeError} `headers` are not headers, `handler` is not a function, or `deadline` is not the name of a header.
 * @example
 * http.createServer((request, response) => onBehalfOf(request.headers, () => handle(request, response)));
 */
export function onBehalfOf<Result>(
  headers: InboundHeaders,
  handler: () => Result,
  { deadline: header = GRPC_TIMEOUT }: InboundOptions = {},
): Result {
  checkInbound(headers, handler);
  if (!isToken(header)) throw new TypeError(`deadline must be the name of a header, got ${String(header)}`);
  const left = readTimeLeft(header, inboundHeader(headers, header));
  const above = inbound.get()?.deadline ?? Number.POSITIVE_INFINITY;
  const deadline = left === undefined ? above : Math.min(above, systemRuntime.now() + left);
  const tryOnce = inboundHeader(headers, NO_RETRY.header) === NO_RETRY.value;
  return inbound.run({ tryOnce, deadline }, handler);
}

function inboundHeader(headers: InboundHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  // Node's are in lower case.
  return headers[name.toLowerCase()]?.toString();
}

/**
 * Milliseconds that the inbound request has left, within the handler that `onBehalfOf` runs; below 0 if its time is over; undefined if it did
 * not say. For work that is no call of a client: a query, a loop.
 * @example await db.query({ text, statement_timeout: timeLeft() ?? 5_000 });
 */
export function timeLeft(): number | undefined {
  const deadline = inbound.get()?.deadline ?? Number.POSITIVE_INFINITY;
  return deadline === Number.POSITIVE_INFINITY ? undefined : deadline - systemRuntime.now();
}

/** Refuses a request in place of its headers, because it would never have the header. */
function checkInbound(headers: unknown, handler: unknown): void {
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError(
      `onBehalfOf takes the headers of the inbound request first, got ${headers === null ? 'null' : typeof headers}`,
    );
  }
  const inner: unknown = headers instanceof Headers ? undefined : Reflect.get(headers, 'headers');
  if (typeof inner === 'object' && inner !== null) {
    throw new TypeError(
      'onBehalfOf takes the headers of the inbound request first, got what looks like the request: write request.headers',
    );
  }
  if (typeof handler !== 'function') {
    throw new TypeError(
      `onBehalfOf takes the handler second, got ${handler === null ? 'null' : typeof handler}`,
    );
  }
}

/** Whether this call is made on behalf of a request that is retried elsewhere. */
export function isToldToTryOnce(): boolean {
  return inbound.get()?.tryOnce === true;
}
