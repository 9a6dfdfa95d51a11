import type { FetchLike } from '../model/options.ts';
import { behindOf } from './clients.ts';
import type { RuntimeFetch } from './sending.ts';

// What a runtime sends with, where that is not Node: its own `fetch`.

const found = globalThis.fetch;
const original: FetchLike = behindOf(found) ?? found;

export function runtimeFetch(): RuntimeFetch {
  return {
    fetch: original,
    isOriginal: (fetch: FetchLike) => fetch === original,
    knows: (request: unknown) => request instanceof Request,
  };
}

/** What a relative URL is relative to. */
export function baseUrl(): string | undefined {
  return (globalThis as { location?: { href: string } }).location?.href;
}
