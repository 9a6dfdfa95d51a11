import type { AnyStore, ContextOf } from '../once/store.ts';
import { readUpTo } from './body.ts';
import { checkHandler, checkOptions, type IdempotencyOptions } from './options.ts';
import { protect } from './protect.ts';

/**
 * Protects a web-standard handler: a repeated request with the same `Idempotency-Key` gets the first one's response,
 * and the handler is not run again.
 *
 * The handler's second argument is its transaction, if the store is `transactional`, else its `Lease`; it is undefined
 * for a request that is not protected (another method, no key, or the store down and `whenStoreDown: 'run'`).
 *
 * @throws PolicyError a bad option.
 * @example
 * const handler = idempotent(
 *   async (request, tx) => Response.json(await charge(tx ?? pool, await request.json()), { status: 201 }),
 *   { store: store.transactional, scope: (request) => ({ operation: 'charge', tenant: accountOf(request) }) },
 * );
 */
export function idempotent<S extends AnyStore>(
  handler: (request: Request, context: ContextOf<S> | undefined) => Response | Promise<Response>,
  options: IdempotencyOptions<S, Request>,
): (request: Request) => Promise<Response> {
  checkHandler(handler, 'handler');
  const protectedCall = protect(checkOptions(options));
  return async (request) => {
    let unread = request;
    const answer = await protectedCall(
      {
        ...target(request),
        scope: () => options.scope(request),
        async body(limit) {
          const body = await readUpTo(request.body, limit);
          if (!body.whole) return void (await body.stream.cancel());
          unread = withBody(request, body.bytes);
          return body.bytes;
        },
      },
      async (context) => handler(unread, context),
    );
    return answer === undefined ? handler(unread, undefined) : answer.response;
  };
}

/** The parts of a web-standard request that the guard looks at. */
export function target(request: Request) {
  const { pathname, search } = new URL(request.url);
  return {
    method: request.method,
    path: pathname + search,
    header: (name: string) => request.headers.get(name),
  };
}

/** The request again, with the body that was read from it. */
export function withBody(request: Request, body: Uint8Array<ArrayBuffer>): Request {
  if (request.body === null) return request;
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body });
}
