import { asyncContext } from '../platform/async-context.ts';

/**
 * Says to a service: what you do for this request, try once. A structured-field boolean (RFC 9651).
 * The caller sends it when it retries already, when it could not retry any more, or when it was told so itself.
 */
export const NO_RETRY = { header: 'no-retry', value: '?1' } as const;

/** Inbound headers, as servers of either kind hand them over. */
export type InboundHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

const toldToTryOnce = asyncContext<boolean>();

/**
 * Runs the handler of an inbound request. Calls that it makes through clients with `layers: true` are tried only
 * once if the caller said that it is retrying already: else the tries of all layers multiply.
 *
 * @example
 * http.createServer((request, response) => onBehalfOf(request.headers, () => handle(request, response)));
 */
export function onBehalfOf<Result>(headers: InboundHeaders, handler: () => Result): Result {
  checkInbound(headers, handler);
  const { header } = NO_RETRY;
  const value = headers instanceof Headers ? headers.get(header) : headers[header];
  return toldToTryOnce.run(value === NO_RETRY.value, handler);
}

/** A request in place of its headers would say of every request that it is no retry. */
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

/** Whether this call is made for somebody who does the retrying. */
export function isToldToTryOnce(): boolean {
  return toldToTryOnce.get() === true;
}
