import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyStore, ContextOf } from '../../once/store.ts';
import { checkHandler, checkOptions, type IdempotencyOptions } from '../options.ts';
import { protect } from '../protect.ts';
import { bodyOf } from './node-request.ts';
import { ResponseCapture, sendReply } from './response-capture.ts';

/** Middleware, as Express knows it. */
export interface NodeIdempotency<Req extends IncomingMessage, Context> {
  (req: Req, res: ServerResponse, next: (error?: unknown) => void): Promise<void>;
  /** In a handler: its transaction or lease, or undefined if this request is not protected. */
  context(req: IncomingMessage): Context | undefined;
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

  const middleware = async (req: Req, res: ServerResponse, next: (error?: unknown) => void) => {
    let captured: ResponseCapture | undefined;
    try {
      const answer = await protectedCall(incoming(req, options.scope), (context) => {
        contexts.set(req, context);
        captured = new ResponseCapture(res);
        next();
        return captured.response;
      });
      if (answer === undefined) return next();
      await (captured?.send(answer) ?? sendReply(res, answer));
    } catch (error) {
      if (captured === undefined) return next(error);
      // The handler broke its answer off: whoever waits for it must not take it for whole.
      settings.onError(error);
      captured.restore();
      res.destroy();
    }
  };
  return Object.assign(middleware, { context: (req: IncomingMessage) => contexts.get(req) });
}

/**
 * The same for a plain `node:http` server. A handler that throws frees its key, and the client gets a 500.
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

function incoming<Req extends IncomingMessage>(req: Req, scope: IdempotencyOptions<AnyStore, Req>['scope']) {
  return {
    method: req.method ?? '',
    // Express shortens `url` where a router is mounted.
    path: 'originalUrl' in req ? String(req.originalUrl) : (req.url ?? ''),
    header: (name: string) => req.headers[name.toLowerCase()]?.toString(),
    scope: () => scope(req),
    body: (limit: number) => bodyOf(req, limit),
  };
}
