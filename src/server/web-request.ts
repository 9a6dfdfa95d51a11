import { readUpTo } from './body.ts';
import { sameRequest } from './mounted-once.ts';

/** The parts of a web-standard request that `protect` needs. */
export function target(request: Request) {
  const { pathname, search } = new URL(request.url);
  return {
    request,
    method: request.method,
    path: pathname + search,
    header: (name: string) => request.headers.get(name),
  };
}

/**
 * Reads the body of a request.
 *
 * @returns the bytes, and a copy of the request with them; undefined if there are more than `limit`
 */
export async function readRequest(
  request: Request,
  limit: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; request: Request } | undefined> {
  const body = await readUpTo(request.body, limit);
  if (!body.whole) return void (await body.stream.cancel());
  return { bytes: body.bytes, request: withBody(request, body.bytes) };
}

/** Without the signal of the original: a client that leaves must not stop a handler whose response is also for later requests. */
function withBody(original: Request, body: Uint8Array<ArrayBuffer>): Request {
  const { url, method, headers } = original;
  return sameRequest(
    new Request(url, { method, headers, body: original.body === null ? null : body }),
    original,
  );
}
