import type { FetchInit, FetchInput, FetchLike, SteadInit } from '../policy/options.ts';
import { type CallRequest, isRequest } from '../request/request.ts';

/**
 * Does just what `fetch` does, where there is nothing for a policy to add: a signal that has already aborted, a URL that
 * is no URL or not http, a Request that was used up. What is wrong is said in `fetch`'s own words.
 */
export async function fetchUnaided(
  fetch: FetchLike,
  input: FetchInput,
  init: SteadInit,
  request: CallRequest | undefined,
): Promise<Response> {
  if (request !== undefined) {
    return fetch(request.url.href, { ...request.init, ...(request.signal && { signal: request.signal }) });
  }
  const { idempotencyKey: _key, policy: _policy, body, ...rest } = init;
  const plain = { ...rest, ...(body !== undefined && { body }) } as FetchInit;
  if (!isRequest(input)) return fetch(input, plain);
  // A fetch knows no other copy's Request; the Request's own class does.
  const request_ = new (input.constructor as typeof Request)(input, plain);
  return fetch(request_.url, plain);
}
