import { fetch as undiciFetch } from 'undici';
import { expect, test } from 'vitest';
import { writtenPairs } from '../../src/http/written-headers.ts';
import { createFetch, type FetchLike } from '../../src/index.ts';
import { type Mirror, startMirror } from './mirror-server.ts';

/**
 * undici's own, to compare with. It knows the order of no other copy's Headers, which the runtime's own `fetch` does, and says that it is
 * undici: `as-the-runtime.test.ts` looks at that.
 */
export const plainFetch: FetchLike = (input, init) => {
  const { headers } = init ?? {};
  const known = headers instanceof Headers ? { ...init, headers: writtenPairs(headers) } : init;
  return undiciFetch(input as never, known as never) as never;
};

/** Where a behaviour is looked at. */
export interface Stage {
  readonly fetch: FetchLike;
  readonly server: Mirror;
  readonly url: string;
}

/** Runs some code and says, in plain JSON, what was seen. */
export type Observe = (stage: Stage) => Promise<unknown>;

/** Runs the same code with two `fetch`es against the same server; rejects unless the same was seen. */
export async function expectSame(observe: Observe, reference: FetchLike, subject: FetchLike): Promise<void> {
  await using server = await startMirror();
  const { url } = server;
  const look = async (fetch: FetchLike): Promise<unknown> => {
    server.reset();
    const json = JSON.stringify(await observe({ fetch, server, url }));
    expect(json, 'nothing was observed').toBeDefined();
    return JSON.parse(json);
  };
  const expected = await look(reference);
  expect(await look(subject)).toEqual(expected);
}

/**
 * A test that `observe` sees the same with a SteadFetch that retries as with `fetch`.
 *
 * @param reference what `fetch` is here: undici's, or, for what only the runtime's own knows, that one
 */
export function sameAsFetch(name: string, observe: Observe, reference: FetchLike = plainFetch): void {
  test(name, () => expectSame(observe, reference, createFetch({ retry: { base: 1 } })));
}
