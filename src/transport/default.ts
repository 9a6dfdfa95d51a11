import type { FetchLike } from '../model/options.ts';
import type { RuntimeFetch } from './sending.ts';
import { getGlobalOrigin, Request as UndiciRequest } from './undici/package.ts';
import { undiciFetch, undiciTransport } from './undici/undici.ts';

// What a runtime sends with. This is Node's choice; a bundle for any other runtime has `default.web.ts` in its place.

/** Looked at last, and known to be what Node came with. */
let original: FetchLike | undefined;

/**
 * Whether the runtime's `fetch` is in its place: not replaced before this package was loaded, nor since. By its source: Node's
 * loads the undici inside Node, and nothing else can.
 */
function isOriginal(fetch: FetchLike): boolean {
  if (fetch === original) return true;
  const isNodes = Function.prototype.toString.call(fetch).includes("'internal/deps/undici/undici'");
  if (isNodes) original = fetch;
  return isNodes;
}

/** undici's. The responses are of the class that is global now. */
export function runtimeFetch(): RuntimeFetch {
  return {
    fetch: undiciFetch(),
    isOriginal,
    knows: (request: unknown) => request instanceof UndiciRequest,
    transport: undiciTransport(),
  };
}

/** What a relative URL is relative to. */
export function baseUrl(): URL | undefined {
  return getGlobalOrigin();
}
