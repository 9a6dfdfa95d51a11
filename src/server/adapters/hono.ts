/**
 * Middleware for Hono.
 *
 * @module steadfetch/server/hono
 */

import type { Context, MiddlewareHandler } from 'hono';
import type { AnyStore, ContextOf } from '../../once/store.ts';
import { checkOptions, type IdempotencyOptions } from '../options.ts';
import { protect, type Reply } from '../protect.ts';
import { readRequest, target } from '../web-request.ts';

/** A Hono middleware. */
export type HonoIdempotency<Held> = MiddlewareHandler & {
  /** For handlers: the transaction or lease of this request; undefined if the request is not protected. */
  context(c: Context): Held | undefined;
};

/**
 * Makes middleware for Hono. Put it after authentication.
 *
 * @throws {PolicyError} An option is wrong.
 * @example
 * const once = idempotency({ store, scope: (c) => ({ operation: 'charge', tenant: c.get('account') }) });
 * app.post('/charges', once, async (c) => c.json(await charge(await c.req.json()), 201));
 */
export function idempotency<S extends AnyStore>(
  options: IdempotencyOptions<S, Context>,
): HonoIdempotency<ContextOf<S>> {
  const protectedCall = protect(checkOptions(options));
  const contexts = new WeakMap<Context, ContextOf<S>>();

  const middleware: MiddlewareHandler = async (c, next) => {
    // Headers that were set before belong to this request: cookies, CORS, a request id.
    const before = new Headers(c.res.headers);
    const reply = await protectedCall(
      {
        ...target(c.req.raw),
        request: c,
        scope: () => options.scope(c),
        async body(limit) {
          // A body that was read before was read through Hono, which caches it.
          if (c.req.raw.bodyUsed) return upTo(limit, new Uint8Array(await c.req.arrayBuffer()));
          const read = await readRequest(c.req.raw, limit);
          if (read !== undefined) c.req.raw = read.request;
          return read?.bytes;
        },
      },
      async (context) => {
        contexts.set(c, context);
        await next();
        // Reading `c.res` would make an empty answer, which Hono itself refuses in these words.
        if (!c.finalized)
          throw new Error(
            'Context is not finalized. Did you forget to return a Response object or `await next()`?',
          );
        return { response: c.res, before, threw: c.error !== undefined };
      },
    );
    if (reply === undefined) return next();
    // Assigned over another response, Hono would merge the headers of both.
    c.res = undefined;
    c.res = reply.kind === 'own' ? reply.response : over(before, reply);
  };
  return Object.assign(middleware, { context: (c: Context) => contexts.get(c) });
}

/** A replay or refusal, with the headers that were set before for this request. */
function over(before: Headers, { response }: Reply): Response {
  const headers = new Headers(before);
  for (const [name, value] of response.headers)
    if (name === 'set-cookie') headers.append(name, value);
    else headers.set(name, value);
  const { status, statusText, body } = response;
  return new Response(body, { status, statusText, headers });
}

const upTo = (limit: number, bytes: Uint8Array) => (bytes.length <= limit ? bytes : undefined);
