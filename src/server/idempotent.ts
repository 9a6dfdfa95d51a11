import type { AnyStore, ContextOf } from '../once/store.ts';
import { checkHandler, checkOptions, type IdempotencyOptions } from './options.ts';
import { protect } from './protect.ts';
import { readRequest, target } from './web-request.ts';

/**
 * Protects a web-standard handler: a repeated request with the same `Idempotency-Key` gets the response of the first request, and
 * the handler is not run again.
 *
 * The handler's second argument is its transaction if the store is `transactional`, else its `Lease`. It is undefined if the
 * request is not protected (another method, no key, or the store is down and `whenStoreDown` is `'run'`). Further arguments of
 * the server, such as the `{ params }` of a Next.js route, follow after it.
 *
 * @throws {PolicyError} An option is wrong.
 * @example
 * const handler = idempotent(
 *   async (request, tx) => Response.json(await charge(tx ?? pool, await request.json()), { status: 201 }),
 *   { store: store.transactional, scope: (request) => ({ operation: 'charge', tenant: accountOf(request) }) },
 * );
 */
export function idempotent<S extends AnyStore, Rest extends readonly unknown[] = []>(
  handler: (
    request: Request,
    context: ContextOf<S> | undefined,
    ...rest: Rest
  ) => Response | Promise<Response>,
  options: IdempotencyOptions<S, Request>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkHandler(handler, 'handler');
  const protectedCall = protect(checkOptions(options));
  return async (request, ...rest) => {
    let unread = request;
    const reply = await protectedCall(
      {
        ...target(request),
        scope: () => options.scope(request),
        async body(limit) {
          const read = await readRequest(request, limit);
          if (read !== undefined) unread = read.request;
          return read?.bytes;
        },
      },
      async (context) => ({ response: await handler(unread, context, ...rest) }),
    );
    return reply === undefined ? handler(unread, undefined, ...rest) : reply.response;
  };
}
