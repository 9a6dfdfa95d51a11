/**
 * Middleware for Express, Connect and the `http` module of Node.
 *
 * @module steadfetch/server/node
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyStore, ContextOf } from '../../once/store.ts';
import { checkHandler, checkOptions, type IdempotencyOptions } from '../options.ts';
import { protect } from '../protect.ts';
import { bodyOf } from './node-request.ts';
import { type RequestShield, shieldRequest } from './request-shield.ts';
import { ResponseCapture } from './response-capture.ts';
import { sendReply } from './send-reply.ts';

type Next = (error?: unknown) => void;

/** Middleware, as Express knows it. */
export interface NodeIdempotency<Req extends IncomingMessage, Context> {
  (req: Req, res: ServerResponse, next: Next): Promise<void>;
  /** In a handler: its transaction or lease, or undefined if this request is not protected. */
  context(req: IncomingMessage): Context | undefined;
  /**
   * Error middleware, for error handlers that answer with a status below 400: mount it before yours. Express does not
   * tell that a handler threw; a status of 400 or more takes the handler's rows back in any case.
   * @example app.use(once.failed, (error, req, res, next) => res.redirect('/sorry'));
   */
  failed(error: unknown, req: IncomingMessage, res: ServerResponse, next: Next): void;
}

/**
 * Middleware for Express, and for anything else that hands over `(req, res, next)`. Put it after authentication and
 * before the body parsers; behind a parser it compares the parsed body.
 *
 * @throws PolicyError a bad option.
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
        else req.resume(); // or the client could not read the refusal
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
      // The handler broke its answer off: whoever waits for it must not take it for whole.
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
 * The same for a plain `node:http` or `node:http2` server. A handler that throws frees its key, and the client gets a 500.
 *
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

function incomingFrom<Req extends IncomingMessage>(
  req: Req,
  scope: IdempotencyOptions<AnyStore, Req>['scope'],
) {
  return {
    request: req,
    method: req.method ?? '',
    // Express shortens `url` where a router is mounted.
    path: 'originalUrl' in req ? String(req.originalUrl) : (req.url ?? ''),
    header: (name: string) => req.headers[name.toLowerCase()]?.toString(),
    scope: () => scope(req),
  };
}
