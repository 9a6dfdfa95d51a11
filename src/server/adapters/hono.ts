import type { Context, MiddlewareHandler } from 'hono';
import type { AnyStore, ContextOf } from '../../once/store.ts';
import { readUpTo } from '../body.ts';
import { target, withBody } from '../idempotent.ts';
import { checkOptions, type IdempotencyOptions } from '../options.ts';
import { protect } from '../protect.ts';

/** Middleware, as Hono knows it. */
export type HonoIdempotency<Held> = MiddlewareHandler & {
  /** In a handler: its transaction or lease, or undefined if this request is not protected. */
  context(c: Context): Held | undefined;
};

/**
 * Middleware for Hono. Put it after authentication.
 *
 * @throws PolicyError a bad option.
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
    const answer = await protectedCall(
      {
        ...target(c.req.raw),
        scope: () => options.scope(c),
        async body(limit) {
          // Who read it before us did so through Hono, which keeps it.
          if (c.req.raw.bodyUsed) return within(limit, new Uint8Array(await c.req.arrayBuffer()));
          const body = await readUpTo(c.req.raw.body, limit);
          if (!body.whole) return void (await body.stream.cancel());
          c.req.raw = withBody(c.req.raw, body.bytes);
          return body.bytes;
        },
      },
      async (context) => {
        contexts.set(c, context);
        await next();
        return c.res;
      },
    );
    if (answer === undefined) return next();
    // Assigned over another, Hono would mix the headers of both.
    c.res = undefined;
    c.res = answer.response;
  };
  return Object.assign(middleware, { context: (c: Context) => contexts.get(c) });
}

const within = (limit: number, bytes: Uint8Array) => (bytes.length <= limit ? bytes : undefined);
