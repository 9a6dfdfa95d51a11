import { getGlobalOrigin, Request as UndiciRequest, fetch as undiciFetch } from 'undici';
import type { FetchInit, FetchLike } from '../model/options.ts';
import type { TransportFor } from './exchange.ts';
import { fetchTransport } from './other-fetch.ts';
import { undiciTransport } from './undici/undici.ts';

// What a runtime sends with. This is Node's choice; a bundle for any other runtime has `default.web.ts` in its place.

/** What the runtime came with. If somebody replaces it (msw, a stub, an instrumentation), they mean us too. */
const original = globalThis.fetch;
const ours = undiciFetch as unknown as FetchLike;

/** The `fetch` to send with: the user's, the one that replaced the runtime's, or undici's. */
export function chooseFetch(given: FetchLike | undefined): FetchLike {
  return given ?? (globalThis.fetch === original ? ours : globalThis.fetch);
}

/** What a client sends with. Its responses are of the class that was global when it was made. */
export function makeTransports(): TransportFor {
  const undici = undiciTransport();
  return (given, dispatcher) => {
    const fetch = chooseFetch(given);
    if (fetch === ours) return undici(dispatcher);
    // Whether it means anything to another fetch is not for us to say; Node's own does take it.
    return fetchTransport(
      dispatcher ? (input, init) => fetch(input, { ...init, dispatcher } as FetchInit) : fetch,
    );
  };
}

/** Whether that `fetch` takes this Request for one: it knows its own copy's only. */
export function knowsRequest(fetch: FetchLike, request: Request): boolean {
  return fetch === ours && (request as unknown) instanceof UndiciRequest;
}

/** What a relative URL is relative to. */
export function baseUrl(): URL | undefined {
  return getGlobalOrigin();
}
