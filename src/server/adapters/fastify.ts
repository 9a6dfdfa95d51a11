import type { OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { AnyStore, ContextOf } from '../../once/store.ts';
import { readUpTo } from '../body.ts';
import { checkOptions, type IdempotencyOptions } from '../options.ts';
import { type Incoming, protect, type Reply } from '../protect.ts';
import { ResponseCapture } from './response-capture.ts';

/** A plugin, as Fastify knows it. */
export type FastifyIdempotency<Held> = FastifyPluginAsync & {
  /** In a handler: its transaction or lease, or undefined if this request is not protected. */
  context(request: FastifyRequest): Held | undefined;
};

/**
 * A plugin for Fastify that protects the routes of the instance it is registered on. It claims the key before the
 * handler, behind authentication and validation, and stores what is about to be sent.
 *
 * @throws PolicyError a bad option.
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

  /** Resolves when the handler may run, or with the answer that makes it needless. */
  const enter = (request: FastifyRequest, reply: FastifyReply): Promise<Reply | undefined> => {
    let captured: ResponseCapture | undefined;
    return new Promise((resolve, reject) => {
      const answering = protectedCall(incoming(request), (context) => {
        contexts.set(request, context);
        captured = new ResponseCapture(reply.raw, reply.getHeaders() as OutgoingHttpHeaders);
        resolve(undefined);
        return captured.response;
      });
      answering
        .then((answer) => (captured !== undefined && answer ? captured.send(answer) : resolve(answer)))
        .catch((error: unknown) => {
          if (captured === undefined) return reject(error);
          // The handler broke its answer off: whoever waits for it must not take it for whole.
          settings.onError(error);
          captured.restore();
          reply.raw.destroy();
        });
    });
  };

  const incoming = (request: FastifyRequest): Incoming => ({
    method: request.method,
    path: request.originalUrl,
    header: (name) => request.headers[name.toLowerCase()]?.toString(),
    scope: () => options.scope(request),
    body: async () => bodies.get(request),
  });

  const plugin: FastifyPluginAsync = async (app) => {
    // The only moment at which the raw body can be seen; the parsers get the same bytes after us.
    app.addHook('preParsing', async (request, _reply, payload) => {
      const keyed = request.headers[settings.header.toLowerCase()] !== undefined;
      if (!keyed || !settings.methods.has(request.method)) return payload;
      const body = await readUpTo(webStream(payload), settings.requestLimit);
      if (body.whole) bodies.set(request, body.bytes);
      const again = Readable.from(body.whole ? [Buffer.from(body.bytes)] : body.stream, {
        objectMode: false,
      });
      // Fastify compares it with Content-Length, and takes what it counts itself if it is not there.
      return body.whole ? Object.assign(again, { receivedEncodedLength: body.bytes.length }) : again;
    });

    // An async handler that returns nothing answers with nothing. Fastify leaves that out for a client that went away,
    // and the key would wait for an answer that never comes.
    app.addHook('onRoute', (route) => {
      const { handler } = route;
      route.handler = function answering(request, reply) {
        const returned: unknown = handler.call(this, request, reply);
        if (!(returned instanceof Promise) || !contexts.has(request)) return returned;
        return returned.then((payload: unknown) =>
          payload === undefined && !reply.sent && request.raw.destroyed ? reply.send() : payload,
        );
      };
    });

    app.addHook('preHandler', async (request, reply) => {
      const answer = await enter(request, reply);
      if (answer === undefined) return;
      const { status, headers, body } = answer.response;
      reply.code(status);
      for (const [name, value] of headers) reply.header(name, value);
      return body === null ? reply.send() : reply.send(Buffer.from(await answer.response.arrayBuffer()));
    });
  };
  return Object.assign(plugin, {
    context: (request: FastifyRequest) => contexts.get(request),
    // Hooks of a plugin stay inside it, unless it says this.
    [Symbol.for('skip-override')]: true,
  });
}

const webStream = (payload: Readable) =>
  Readable.toWeb(Readable.from(payload, { objectMode: false })) as ReadableStream<Uint8Array>;
