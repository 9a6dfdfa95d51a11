/**
 * Middleware for Koa.
 *
 * @module steadfetch/server/koa
 */

import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { AnyStore, ContextOf } from '../../once/store.ts';
import { checkOptions, type IdempotencyOptions } from '../options.ts';
import { idempotency as forNode } from './node.ts';

/** A Koa middleware. */
export type KoaIdempotency<Held> = Middleware & {
  /** For handlers: the transaction or lease of this request; undefined if the request is not protected. */
  context(ctx: Context): Held | undefined;
};

/**
 * Makes middleware for Koa. Put it after authentication and before the body parsers.
 *
 * @throws {PolicyError} An option is wrong.
 * @example
 * const once = idempotency({ store, scope: (ctx) => ({ operation: 'charge', tenant: ctx.state.account }) });
 * router.post('/charges', once, async (ctx) => { ctx.body = await charge(ctx.request.body); });
 */
export function idempotency<S extends AnyStore>(
  options: IdempotencyOptions<S, Context>,
): KoaIdempotency<ContextOf<S>> {
  checkOptions(options);
  const contexts = new WeakMap<IncomingMessage, Context>();
  const contextOf = (req: IncomingMessage) => contexts.get(req) as Context;
  const once = forNode({ ...options, scope: (req: IncomingMessage) => options.scope(contextOf(req)) });

  const middleware: Middleware = async (ctx, next) => {
    contexts.set(ctx.req, ctx);
    let handling = false;
    await new Promise<void>((resolve, reject) => {
      const answered = once(ctx.req, ctx.res, (error) => {
        if (error !== undefined) return reject(error);
        handling = true;
        next().then(resolve, (failure: unknown) => {
          once.failed(failure, ctx.req, ctx.res, () => {});
          // Koa does not end a response that has begun. It is destroyed, so that the client does not take it for complete.
          if (ctx.res.headersSent) ctx.res.destroy();
          reject(failure);
        });
      });
      answered.then(() => {
        if (handling) return;
        ctx.respond = false; // the replay or refusal was sent without Koa
        resolve();
      }, reject);
    });
  };
  return Object.assign(middleware, { context: (ctx: Context) => once.context(ctx.req) as ContextOf<S> });
}
