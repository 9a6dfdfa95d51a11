/**
 * A plugin for Fastify.
 *
 * @module steadfetch/server/fastify
 */

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type {
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  onSendHookHandler,
  RouteOptions,
} from 'fastify';
import type { AnyStore, ContextOf } from '../../once/store.ts';
import { readUpTo } from '../body.ts';
import { checkOptions, type IdempotencyOptions } from '../options.ts';
import { type Incoming, protect, type Reply } from '../protect.ts';
import { bodyOf } from './node-request.ts';
import { shieldRequest } from './request-shield.ts';
import { ResponseCapture } from './response-capture.ts';

/** A Fastify plugin. */
export type FastifyIdempotency<Held> = FastifyPluginAsync & {
  /** For handlers: the transaction or lease of this request; undefined if the request is not protected. */
  context(request: FastifyRequest): Held | undefined;
};

/**
 * Makes a Fastify plugin that protects the routes of the instance on which it is registered. The plugin claims the key after
 * authentication and validation, before the handler, and stores the response before it is sent.
 *
 * @throws {PolicyError} An option is wrong.
 * @example
 * await app.register(idempotency({ store, scope: (request) => ({ operation: 'charge', tenant: request.user.id }) }));
 * app.post('/charges', async (request, reply) => reply.code(201).send(await charge(request.body)));
 */
export function idempotency<S extends AnyStore>(
  options: IdempotencyOptions<S, FastifyRequest>,
): FastifyIdempotency<ContextOf<S>> {
  const settings = checkOptions(options);
  const protectedCall = protect(settings);
  const bodies = new WeakMap<FastifyRequest, Uint8Array | undefined>();
  const contexts = new WeakMap<FastifyRequest, ContextOf<S>>();
  const captures = new WeakMap<FastifyRequest, ResponseCapture>();
  const replays = new WeakMap<FastifyRequest, Response>();

  /** Resolves to undefined when the handler may run, or to the reply that replaces the handler. */
  const enter = (request: FastifyRequest, reply: FastifyReply): Promise<Reply | undefined> => {
    let captured: ResponseCapture | undefined;
    const shield = shieldRequest(request.raw);
    return new Promise((resolve, reject) => {
      const answering = protectedCall(incoming(request), (context) => {
        contexts.set(request, context);
        captured = new ResponseCapture(reply.raw, shield, reply.getHeaders() as OutgoingHttpHeaders);
        captures.set(request, captured);
        resolve(undefined);
        return captured.handled;
      });
      answering
        .then((answer) => {
          if (captured !== undefined && answer !== undefined) return captured.send(answer);
          shield.release();
          return resolve(answer);
        })
        .catch((error: unknown) => {
          if (captured === undefined) {
            shield.release();
            return reject(error);
          }
          // The handler broke its response off. The connection is destroyed, so that the client does not take the response for
          // complete.
          settings.onError(error);
          captured.restore();
          reply.raw.destroy();
        });
    });
  };

  const incoming = (request: FastifyRequest): Incoming => ({
    request,
    method: request.method,
    path: request.originalUrl,
    header: (name) => request.headers[name.toLowerCase()]?.toString(),
    scope: () => options.scope(request),
    body: async () => bodies.get(request),
  });

  const plugin: FastifyPluginAsync = async (app) => {
    // Only here the raw body can be read. The parsers get the same bytes afterwards.
    app.addHook('preParsing', async (request, _reply, payload) => {
      const keyed = request.headers[settings.header.toLowerCase()] !== undefined;
      if (!keyed || !settings.methods.has(request.method)) return payload;
      const read = await bytesOf(request.raw, payload as Readable, settings.requestLimit);
      bodies.set(request, read.bytes);
      return read.payload;
    });

    app.addHook('onRoute', (route) => {
      reportThrows(route, (request) => captures.get(request)?.markThrown());
      // The hooks of a route run last, so this hook undoes what other hooks changed in a stored response.
      route.onSend = [...hooksOf(route.onSend), restoreReplay];
    });
    app.addHook('onError', async (request) => captures.get(request)?.markThrown());

    app.addHook('preHandler', async (request, reply) => {
      // A handler that calls `reply.callNotFound()` has the hooks run again.
      if (captures.has(request)) return;
      const answer = await enter(request, reply);
      if (answer === undefined) return;
      const { status, headers, body } = answer.response;
      if (answer.kind === 'replay') replays.set(request, answer.response.clone());
      reply.code(status);
      for (const [name, value] of headers) reply.header(name, value);
      return body === null ? reply.send() : reply.send(Buffer.from(await answer.response.arrayBuffer()));
    });

    /** Restores the bytes and headers of a stored response. Other hooks may add headers of this request, such as a cookie. */
    async function restoreReplay(request: FastifyRequest, reply: FastifyReply, payload: unknown) {
      const stored = replays.get(request);
      if (stored === undefined) return payload;
      replays.delete(request);
      for (const name of ['content-encoding', 'content-length', 'content-type']) reply.removeHeader(name);
      for (const [name, value] of stored.headers) if (name !== 'set-cookie') reply.header(name, value);
      return stored.body === null ? payload : Buffer.from(await stored.arrayBuffer());
    }
  };
  return Object.assign(plugin, {
    context: (request: FastifyRequest) => contexts.get(request),
    // Without this symbol, hooks of a plugin apply only inside the plugin.
    [Symbol.for('skip-override')]: true,
  });
}

/** Reads the raw body. @returns the bytes, and the stream that the parsers get */
async function bytesOf(
  raw: IncomingMessage,
  payload: Readable,
  limit: number,
): Promise<{ bytes: Uint8Array | undefined; payload: Readable }> {
  // Some parsers, such as those of multipart forms, read the request itself. So the body is put back into the request.
  if (Object.is(payload, raw)) return { bytes: await bodyOf(raw, limit), payload };
  const web = Readable.toWeb(Readable.from(payload, { objectMode: false })) as ReadableStream<Uint8Array>;
  const body = await readUpTo(web, limit);
  const again = Readable.from(body.whole ? [Buffer.from(body.bytes)] : body.stream, { objectMode: false });
  if (!body.whole) return { bytes: undefined, payload: again };
  // Fastify compares this number with Content-Length. Without it, Fastify would use its own count.
  const counted = Object.assign(again, { receivedEncodedLength: body.bytes.length });
  return { bytes: body.bytes, payload: counted };
}

const hooksOf = (hooks: RouteOptions['onSend']): onSendHookHandler[] =>
  hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks];

/**
 * Wraps a route's handler to notice its errors: an error handler may answer them with any status, and Fastify does not report
 * them.
 */
function reportThrows(route: RouteOptions, threw: (request: FastifyRequest) => void): void {
  const { handler } = route;
  route.handler = function reporting(request, reply) {
    try {
      const returned: unknown = handler.call(this, request, reply);
      if (!(returned instanceof Promise)) return returned;
      return returned.catch((error: unknown) => {
        threw(request);
        throw error;
      });
    } catch (error) {
      threw(request);
      throw error;
    }
  };
}
