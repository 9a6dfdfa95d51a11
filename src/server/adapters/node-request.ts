import type { IncomingMessage } from 'node:http';
import { canonicalJson } from '../fingerprint.ts';

/** What body parsers leave on a request. */
interface Parsed {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/**
 * The body of a request, and the request still has it: what was read is put back for the next reader. If a parser was
 * here first: `req.rawBody`, or `req.body` as canonical JSON.
 *
 * @returns undefined if it is larger than `limit`.
 * @throws if the body was read and nothing of it was left.
 */
export async function bodyOf(req: IncomingMessage & Parsed, limit: number): Promise<Uint8Array | undefined> {
  const body = parsed(req) ?? (await peek(req, limit));
  return body !== undefined && body.length <= limit ? body : undefined;
}

function parsed({ body, rawBody, readableDidRead }: IncomingMessage & Parsed): Uint8Array | undefined {
  for (const bytes of [rawBody, body]) if (bytes instanceof Uint8Array) return bytes;
  // Before a parser has run there is no `body`, or (Express 4) an empty object.
  if (!readableDidRead) return undefined;
  if (body === undefined)
    throw new Error(
      'The request body was read before: let idempotency come first, or keep the bytes in req.rawBody',
    );
  return new TextEncoder().encode(typeof body === 'string' ? body : canonicalJson(body));
}

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
        if (size > limit) {
          finish(undefined);
          return void req.resume(); // or the client could not read the refusal
        }
      }
      if (!req.complete) return;
      // In this very tick, while the stream has not said that it ended: then it starts again with what is put back.
      const body = Buffer.concat(chunks);
      if (size > 0) req.unshift(body);
      finish(body);
    };
    req.on('readable', read).on('error', gone).on('close', gone);
    read();
  });
}
