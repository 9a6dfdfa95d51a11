import type { FetchLike } from '../model/options.ts';
import { asyncContext } from '../platform/async-context.ts';

/** The request that a client is sending through the `fetch` of another package. */
interface Sent {
  readonly method: string;
  readonly href: string;
}

const sending = asyncContext<Sent>();

/**
 * The same `fetch`; what is called inside of it is known to be. A mock or a wrapper that replaced the global `fetch` may
 * lead back to the client that calls it, and would do so for ever.
 */
export function watched(fetch: FetchLike): FetchLike {
  return (input, init) => {
    const sent = { method: String(init?.method ?? 'GET'), href: String(input) };
    return sending.run(sent, () => fetch(input, init));
  };
}

/** Whether some client is sending through a `fetch` that led here. */
export function isInside(): boolean {
  return sending.get() !== undefined;
}

/** Whether this is the request that it is sending: it has its key and its retries, and wants to be sent. */
export function isInner({ method, url }: { method: string; url: { href: string } }): boolean {
  const sent = sending.get();
  return sent !== undefined && sent.href === url.href && sent.method.toUpperCase() === method.toUpperCase();
}
