import { asyncContext } from '../platform/async-context.ts';

/**
 * The header that asks a service to try its own calls for this request only once. A structured-field boolean (RFC 9651). A client
 * sends this header when it is retrying, when it has no retry left, and when it received the header itself.
 */
export const NO_RETRY = { header: 'no-retry', value: '?1' } as const;

/** Inbound headers, in the form that Node's or the web's servers have. */
export type InboundHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

const toldToTryOnce = asyncContext<boolean>();

/**
 * Runs the handler of an inbound request. If that request carries `no-retry: ?1`, then each call that the handler makes through a
 * client with `layers: true` has one attempt. Otherwise the attempts of all layers would multiply.
 *
 * @param headers the headers of the inbound request
 * @param handler called at once
 * @returns what `handler` returns
 * @throws {TypeError} `headers` are not headers, or `handler` is not a function.
 * @example
 * http.createServer((request, response) => onBehalfOf(request.headers, () => handle(request, response)));
 */
export function onBehalfOf<Result>(headers: InboundHeaders, handler: () => Result): Result {
  checkInbound(headers, handler);
  const { header } = NO_RETRY;
  const value = headers instanceof Headers ? headers.get(header) : headers[header];
  return toldToTryOnce.run(value === NO_RETRY.value, handler);
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
  return toldToTryOnce.get() === true;
}
