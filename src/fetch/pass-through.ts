import type { FetchInit, FetchInput, FetchLike, SteadInit } from '../model/options.ts';
import type { Sending } from '../transport/sending.ts';
import { fromRequest, isRequest } from './request.ts';

/**
 * Does just what `fetch` does, where there is nothing for a policy to add: a signal that has already aborted, a URL that
 * is no URL or not http, a Request that was used up. What is wrong is said in `fetch`'s own words.
 */
export async function passThrough(
  sending: Pick<Sending, 'knows'>,
  fetch: FetchLike,
  input: FetchInput,
  init: SteadInit | null,
): Promise<Response> {
  // Nothing is sent, so a body need not be made. What else is ours, `fetch` does not look at.
  const plain = (typeof init?.body === 'function' ? { ...init, body: undefined } : init) as FetchInit;
  if (!isRequest(input) || sending.knows(fetch, input)) return fetch(input, plain);
  // A fetch knows no other copy's Request; the Request's own class does.
  const request = new (input.constructor as typeof Request)(input, plain);
  const { signal, body } = request;
  const rest = body === null ? {} : { body, duplex: 'half' as const };
  return fetch(request.url, { ...plain, ...fromRequest(request, {}), signal, ...rest });
}
