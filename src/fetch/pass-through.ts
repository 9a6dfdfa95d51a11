import type { FetchInit, FetchInput, FetchLike, SteadInit } from '../model/options.ts';
import type { Sending } from '../transport/sending.ts';
import { fromRequest, isRequest } from './request.ts';

/**
 * Hands the arguments to `fetch`, where no policy applies: the URL is invalid or not http(s), or the Request was used up; or
 * where the signal has already aborted. So `fetch` refuses them with its own error.
 */
export async function passThrough(
  sending: Pick<Sending, 'knows'>,
  fetch: FetchLike,
  input: FetchInput,
  init: SteadInit | null,
): Promise<Response> {
  // Nothing is sent, so the body need not be made. `fetch` ignores the other members that are ours.
  const plain = (typeof init?.body === 'function' ? { ...init, body: undefined } : init) as FetchInit;
  if (!isRequest(input) || sending.knows(fetch, input)) return fetch(input, plain);
  // A `fetch` does not know the Request class of another copy of undici. The Request's own class does.
  const request = new (input.constructor as typeof Request)(input, plain);
  const { signal, body } = request;
  const rest = body === null ? {} : { body, duplex: 'half' as const };
  return fetch(request.url, { ...plain, ...fromRequest(request, {}), signal, ...rest });
}
