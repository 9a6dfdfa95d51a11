import type { FetchInit, FetchLike } from '../model/options.ts';
import type { TransportFor } from './exchange.ts';
import { fetchTransport } from './other-fetch.ts';

// What a runtime sends with, where that is not Node: its own `fetch`.

/** The `fetch` to send with: the user's, or whatever is global. */
export function chooseFetch(given: FetchLike | undefined): FetchLike {
  return given ?? globalThis.fetch;
}

/** What a client sends with. */
export function makeTransports(): TransportFor {
  return (given, dispatcher) => {
    const fetch = chooseFetch(given);
    // Deno and Bun have names of their own for it, but a `fetch` of the user's may know this one.
    return fetchTransport(
      dispatcher ? (input, init) => fetch(input, { ...init, dispatcher } as FetchInit) : fetch,
    );
  };
}

/** Whether that `fetch` takes this Request for one: it knows the runtime's own. */
export function knowsRequest(fetch: FetchLike, request: Request): boolean {
  return fetch === globalThis.fetch && request instanceof Request;
}

/** What a relative URL is relative to. */
export function baseUrl(): string | undefined {
  return (globalThis as { location?: { href: string } }).location?.href;
}
