/** NestJS on Express: the middleware of `server/node`, in front of Nest's own body parser. Call it before `listen`. */

import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { AnyStore, ContextOf } from 'steadfetch/once';
import { idempotency, type NodeIdempotency } from 'steadfetch/server/node';

/** @returns the middleware; `protection.context(request)` is a controller's transaction or lease */
export function protect<S extends AnyStore>(
  app: INestApplication,
  path: string,
  store: S,
): NodeIdempotency<IncomingMessage, ContextOf<S>> {
  const protection = idempotency({
    store,
    // A stand-in for your own authentication, because Nest's guards run after middleware.
    scope: (req: IncomingMessage) => ({ operation: path, tenant: String(req.headers['x-account'] ?? '') }),
  });
  app.use(path, protection);
  return protection;
}
