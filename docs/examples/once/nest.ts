/** NestJS on Express: the middleware of `server/node`, in front of Nest's own body parser. Call it before `listen`. */

import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { AnyStore, ContextOf } from 'steadfetch/once';
import { idempotency, type NodeIdempotency } from 'steadfetch/server/node';

/** @returns what gives a controller its transaction or lease: `protection.context(request)` */
export function protect<S extends AnyStore>(
  app: INestApplication,
  path: string,
  store: S,
): NodeIdempotency<IncomingMessage, ContextOf<S>> {
  const protection = idempotency({
    store,
    // Stands for your own authentication: Nest's guards run after middleware.
    scope: (req: IncomingMessage) => ({ operation: path, tenant: String(req.headers['x-account'] ?? '') }),
  });
  app.use(path, protection);
  return protection;
}
