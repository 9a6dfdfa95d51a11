import type { FetchInit, FetchLike } from '../model/options.ts';
import type { TransportFor } from './exchange.ts';
import { fetchTransport } from './other-fetch.ts';
import { getGlobalOrigin, Request as UndiciRequest, fetch as undiciFetch } from './undici/package.ts';
import { undiciTransport } from './undici/undici.ts';

// What a runtime sends with. This is Node's choice; a bundle for any other runtime has `default.web.ts` in its place.

const ours = undiciFetch as unknown as FetchLike;

/** Looked at last, and known to be what Node came with. */
let original: typeof globalThis.fetch | undefined;

/**
 * Whether nobody has replaced the runtime's `fetch`: neither before this package was loaded nor since. By its source: Node's
 * loads the undici inside Node, and nothing else can.
 */
function isOriginal(fetch: typeof globalThis.fetch): boolean {
  if (fetch === original) return true;
  const isNodes = Function.prototype.toString.call(fetch).includes("'internal/deps/undici/undici'");
  if (isNodes) original = fetch;
  return isNodes;
}

/**
 * The `fetch` to send with: the user's, the one that replaced the runtime's, or undici's. Whoever replaces the global one
 * (msw, nock, a stub, an instrumentation) means us, too.
 */
export function chooseFetch(given: FetchLike | undefined): FetchLike {
  return given ?? (isOriginal(globalThis.fetch) ? ours : globalThis.fetch);
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
