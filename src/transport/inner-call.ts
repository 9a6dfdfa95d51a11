import type { FetchInput, FetchLike } from '../model/options.ts';
import { asyncContext } from '../platform/async-context.ts';

/** The request that a client is sending through the `fetch` of another package. */
interface Sent {
  readonly method: string;
  readonly href: string;
  /** That client, and those through which the call came to it. */
  readonly by: readonly object[];
}

const sending = asyncContext<Sent>();

/**
 * The same `fetch`; what is called inside of it is known to be. A mock or a wrapper that replaced the global `fetch` may
 * lead back to the client that calls it, and would do so for ever.
 */
export function watched(fetch: FetchLike, by: object): FetchLike {
  return (input, init) => {
    const before = sending.get()?.by ?? [];
    const sent = { method: String(init?.method ?? 'GET'), href: hrefOf(input), by: [...before, by] };
    return sending.run(sent, () => fetch(input, init));
  };
}

function hrefOf(input: FetchInput): string {
  return typeof input === 'object' && 'url' in input ? input.url : String(input);
}

/** Whether some client is sending through a `fetch` that led here. */
export function isInside(): boolean {
  return sending.get() !== undefined;
}

/** Whether this client is sending through a `fetch` that led here. */
export function isSentBy(client: object): boolean {
  return sending.get()?.by.includes(client) === true;
}

/** Whether this is the request that it is sending: it has its key and its retries, and wants to be sent. */
export function isInner({ method, url }: { method: string; url: { href: string } }): boolean {
  const sent = sending.get();
  return sent !== undefined && sent.href === url.href && sent.method.toUpperCase() === method.toUpperCase();
}
