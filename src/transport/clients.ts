import type { FetchLike } from '../model/options.ts';

/** Of the registry, because there may be two copies of this package. */
const BEHIND = Symbol.for('steadfetch.behind');

/** Marks a client: who finds it in place of the global `fetch` sends with what is behind it. */
export function brand(client: object, behind: FetchLike): void {
  Object.defineProperty(client, BEHIND, { value: behind });
}

/** What a client sends with; undefined if this is none. */
export function behindOf(fetch: FetchLike): FetchLike | undefined {
  return Reflect.get(fetch, BEHIND);
}
