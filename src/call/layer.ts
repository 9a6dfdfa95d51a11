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
  const { header } = NO_RETRY;
  const value = headers instanceof Headers ? headers.get(header) : headers[header];
  return toldToTryOnce.run(value === NO_RETRY.value, handler);
}

/** Whether this call is made for somebody who does the retrying. */
export function isToldToTryOnce(): boolean {
  return toldToTryOnce.get() === true;
}
