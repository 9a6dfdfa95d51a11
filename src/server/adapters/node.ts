/**
 * Middleware for Express, Connect and the `http` module of Node.
 *
 * @module steadfetch/server/node
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyStore, ContextOf } from '../../once/store.ts';
import { type DeadlineOptions, deadlineKeeper } from '../deadline.ts';
import { checkHandler, checkOptions, type IdempotencyOptions } from '../options.ts';
import { protect } from '../protect.ts';
import { bodyOf } from './node-request.ts';
import { type RequestShield, shieldRequest } from './request-shield.ts';
import { ResponseCapture } from './response-capture.ts';
import { sendReply } from './send-reply.ts';

type Next = (error?: unknown) => void;

/** An Express middleware. */
export interface NodeIdempotency<Req extends IncomingMessage, Context> {
  (req: Req, res: ServerResponse, next: Next): Promise<void>;
  /** For handlers: the transaction or lease of this request; undefined if the request is not protected. */
  context(req: IncomingMessage): Context | undefined;
  /**
   * Error middleware, needed if your error handler answers with a status below 400. Mount it before that handler. Express does
   * not tell that a handler threw. A status of 400 or more rolls the handler's rows back in any case.
   * @example app.use(once.failed, (error, req, res, next) => res.redirect('/sorry'));
   */
  failed(error: unknown, req: IncomingMessage, res: ServerResponse, next: Next): void;
}

/**
 * Makes middleware for Express, and for any other server that calls it with `(req, res, next)`. Put it after authentication and
 * before the body parsers. After a parser it compares the parsed body.
 *
 * @throws {PolicyError} An option is wrong.
 * @example
 * const once = idempotency({ store, scope: (req: Request) => ({ operation: 'charge', tenant: req.user.id }) });
 * app.post('/charges', once, express.json(), async (req, res) => res.status(201).json(await charge(req.body)));
 */
export function idempotency<S extends AnyStore, Req extends IncomingMessage = IncomingMessage>(
  options: IdempotencyOptions<S, Req>,
): NodeIdempotency<Req, ContextOf<S>> {
  const settings = checkOptions(options);
  const protectedCall = protect(settings);
  const contexts = new WeakMap<IncomingMessage, ContextOf<S>>();
  const captures = new WeakMap<IncomingMessage, ResponseCapture>();

  const middleware = async (req: Req, res: ServerResponse, next: Next) => {
    let shield: RequestShield | undefined;
    let captured: ResponseCapture | undefined;
    try {
      const incoming = incomingFrom(req, options.scope);
      const body = async (limit: number) => {
        const bytes = await bodyOf(req, limit);
        if (bytes !== undefined) shield = shieldRequest(req);
        else req.resume(); // otherwise the client could not read the refusal
        return bytes;
      };
      const reply = await protectedCall({ ...incoming, body }, (context) => {
        contexts.set(req, context);
        shield ??= shieldRequest(req);
        captured = new ResponseCapture(res, shield);
        captures.set(req, captured);
        next();
        return captured.handled;
      });
      if (captured !== undefined && reply !== undefined) return await captured.send(reply);
      shield?.release();
      if (reply === undefined) return next();
      await sendReply(res, reply);
    } catch (error) {
      if (captured === undefined) {
        shield?.release();
        return next(error);
      }
      // The handler broke its response off. The connection is destroyed, so that the client does not take the response for
      // complete.
      settings.onError(error);
      captured.restore();
      res.destroy();
    }
  };
  return Object.assign(middleware, {
    context: (req: IncomingMessage) => contexts.get(req),
    failed(error: unknown, req: IncomingMessage, _res: ServerResponse, next: Next) {
      captures.get(req)?.markThrown();
      next(error);
    },
  });
}

/**
 * Protects the listener of a plain `node:http` or `node:http2` server. If the handler throws, its key is free again and the
 * client gets a 500.
 *
 * @throws {PolicyError} An option is wrong.
 * @example createServer(idempotentListener(async (req, res, tx) => res.end('done'), { store, scope }));
 */
export function idempotentListener<S extends AnyStore>(
  handler: (req: IncomingMessage, res: ServerResponse, context: ContextOf<S> | undefined) => unknown,
  options: IdempotencyOptions<S, IncomingMessage>,
): (req: IncomingMessage, res: ServerResponse) => void {
  checkHandler(handler, 'handler');
  const middleware = idempotency(options);
  const { onError } = checkOptions(options);
  return (req, res) => {
    const fail = (error: unknown) => {
      onError(error);
      if (res.headersSent) return void res.destroy();
      res.statusCode = 500;
      res.end();
    };
    const handle = async () => handler(req, res, middleware.context(req));
    void middleware(req, res, (error) => (error === undefined ? void handle().catch(fail) : fail(error)));
  };
}

/**
 * Keeps a listener to the time that each request has left: see `keepDeadline` of `steadfetch/server`. Express, Koa's `callback()` and
 * Fastify's `serverFactory` give such a listener.
 *
 * @throws {PolicyError} An option is wrong.
 * @example createServer(deadlineListener(app, { least: 20 })).listen(8080);
 */
export function deadlineListener(
  listener: (req: IncomingMessage, res: ServerResponse) => unknown,
  options: DeadlineOptions = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  checkHandler(listener, 'listener');
  const keeper = deadlineKeeper(options);
  return (req, res) => {
    const refused = keeper.run(req.headers, () => void listener(req, res));
    if (refused === undefined) return;
    // Its body is not wanted, but the connection is.
    req.resume();
    sendReply(res, { response: refused, kind: 'refusal' }).catch(() => res.destroy());
  };
}

function incomingFrom<Req extends IncomingMessage>(
  req: Req,
  scope: IdempotencyOptions<AnyStore, Req>['scope'],
) {
  return {
    request: req,
    method: req.method ?? '',
    // Express shortens `url` inside a mounted router.
    path: 'originalUrl' in req ? String(req.originalUrl) : (req.url ?? ''),
    header: (name: string) => req.headers[name.toLowerCase()]?.toString(),
    scope: () => scope(req),
  };
}
