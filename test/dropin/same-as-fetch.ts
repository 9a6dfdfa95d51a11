import { fetch as undiciFetch } from 'undici';
import { expect, test } from 'vitest';
import { writtenPairs } from '../../src/http/written-headers.ts';
import { createFetch, type FetchLike } from '../../src/index.ts';
import { type Mirror, startMirror } from './mirror-server.ts';

/**
 * undici's own `fetch`, to compare with. Unlike the runtime's own `fetch`, it does not keep the order of another copy's Headers,
 * and its user-agent is undici: see `as-the-runtime.test.ts`.
 */
export const plainFetch: FetchLike = (input, init) => {
  const { headers } = init ?? {};
  const known = headers instanceof Headers ? { ...init, headers: writtenPairs(headers) } : init;
  return undiciFetch(input as never, known as never) as never;
};

/** What a test can observe with. */
export interface Stage {
  readonly fetch: FetchLike;
  readonly server: Mirror;
  readonly url: string;
}

/** Runs some code and returns its observations as plain JSON. */
export type Observe = (stage: Stage) => Promise<unknown>;

/** Runs the same code with two `fetch`es against the same server. Rejects unless the observations are equal. */
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
 * A test that `observe` observes the same with a client that retries as with `fetch`.
 *
 * @param reference the `fetch` to compare with: undici's, or the runtime's own where only that one has the feature
 */
export function sameAsFetch(name: string, observe: Observe, reference: FetchLike = plainFetch): void {
  test(name, () => expectSame(observe, reference, createFetch({ retry: { base: 1 } })));
}
