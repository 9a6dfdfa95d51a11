import type { IncomingMessage } from 'node:http';
import { canonicalJson } from '../fingerprint.ts';
import { digestsOf, type UploadedFiles } from './uploaded-files.ts';

/** What body parsers leave on a request. */
interface Parsed extends UploadedFiles {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/**
 * The body of a request, and the request still has it: what was read is put back for the next reader. If a parser was
 * here first: `req.rawBody`, or `req.body` as canonical JSON with the digests of the files beside it.
 *
 * @returns undefined if it is larger than `limit`; the request still has all of it then, too.
 * @throws if the body was read and what was left of it cannot be compared.
 */
export async function bodyOf(req: IncomingMessage & Parsed, limit: number): Promise<Uint8Array | undefined> {
  const body = (await parsed(req)) ?? (await peek(req, limit));
  return body !== undefined && body.length <= limit ? body : undefined;
}

async function parsed(req: IncomingMessage & Parsed): Promise<Uint8Array | undefined> {
  const { body, rawBody, readableDidRead } = req;
  for (const bytes of [rawBody, body]) if (bytes instanceof Uint8Array) return bytes;
  // Before a parser has run there is no `body`, or (Express 4, Koa) an empty object.
  if (!readableDidRead) return undefined;
  const files = await digestsOf(req);
  const isMultipart = /^multipart\//i.test(req.headers['content-type'] ?? '');
  if (files === undefined || body === undefined || (isMultipart && files.length === 0 && isEmpty(body)))
    throw new Error(
      'The request body was read before: let idempotency come first, or keep the bytes in req.rawBody',
    );
  if (files.length > 0) return new TextEncoder().encode(canonicalJson([body, files]));
  return new TextEncoder().encode(typeof body === 'string' ? body : canonicalJson(body));
}

const isEmpty = (body: unknown) =>
  typeof body !== 'object' || body === null || Object.keys(body).length === 0;

function peek(req: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const finish = (body: Uint8Array | undefined) => {
      req.off('readable', read).off('error', gone).off('close', gone);
      resolve(body);
    };
    const gone = () => reject(new Error('The client went away while it was sending the body'));
    const read = () => {
      for (let chunk: Buffer | null = req.read(); chunk !== null; chunk = req.read()) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > limit) break;
      }
      if (size <= limit && !isComplete(req)) return;
      // In this very tick, while the stream has not said that it ended: then it starts again with what is put back.
      const body = Buffer.concat(chunks);
      if (size > 0) req.unshift(body);
      finish(size > limit ? undefined : body);
    };
    req.on('readable', read).on('error', gone).on('close', gone);
    read();
  });
}

/**
 * `complete` says so only for a request of `node:http`. That of `node:http2` says it after `end`, when nothing can be put
 * back any more, and that of Fastify's `inject` never; the state of the stream knows for all of them.
 */
function isComplete(req: IncomingMessage): boolean {
  const state: { ended?: boolean } | undefined = Reflect.get(req, '_readableState');
  return req.complete || state?.ended === true;
}
