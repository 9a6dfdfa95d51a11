import type { IncomingMessage } from 'node:http';
import { isPlainObject } from '../../once/checks.ts';
import { canonicalJson } from '../fingerprint.ts';
import { digestsOf, type UploadedFiles } from './uploaded-files.ts';

/** The bodies that were put back: a second guard, of another operation, compares the same bytes. */
const putBack = new WeakMap<IncomingMessage, Uint8Array>();

/** The members that body parsers set on a request. */
interface Parsed extends UploadedFiles {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/**
 * Reads the body of a request and puts it back, so that the next reader gets it too. If a parser has read it already, this is
 * `req.rawBody`, or else `req.body` as canonical JSON with the digests of uploaded files.
 *
 * @returns undefined if the body is larger than `limit`; the request still has all of it then
 * @throws If the body was read before and what is left of it can't be compared.
 */
export async function bodyOf(req: IncomingMessage & Parsed, limit: number): Promise<Uint8Array | undefined> {
  const body = putBack.get(req) ?? (await parsed(req)) ?? (await peek(req, limit));
  return body !== undefined && body.length <= limit ? body : undefined;
}

async function parsed(req: IncomingMessage & Parsed): Promise<Uint8Array | undefined> {
  const { body, rawBody, readableDidRead } = req;
  for (const bytes of [rawBody, body]) if (bytes instanceof Uint8Array) return bytes;
  // Before a parser has run, `body` is absent or (Express 4, Koa) an empty object.
  if (!readableDidRead) return undefined;
  const files = await digestsOf(req);
  const isMultipart = /^multipart\//i.test(req.headers['content-type'] ?? '');
  const isLost = isMultipart && (isFileAmong(body) || (files?.length === 0 && isEmpty(body)));
  if (files === undefined || body === undefined || isLost)
    throw new Error(
      'The request body was read before: let idempotency come first, or keep the bytes in req.rawBody',
    );
  if (files.length > 0) return new TextEncoder().encode(canonicalJson([body, files]));
  return new TextEncoder().encode(typeof body === 'string' ? body : canonicalJson(body));
}

const isEmpty = (body: unknown) =>
  typeof body !== 'object' || body === null || Object.keys(body).length === 0;

/** Whether there is a file among the fields, as some parsers put it. It is a class instance, and its path differs each time. */
function isFileAmong(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!Array.isArray(value) && !isPlainObject(value)) return true;
  return Object.values(value).some(isFileAmong);
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
        if (size > limit) break;
      }
      if (size <= limit && !isComplete(req)) return;
      // In the same tick, before the stream has emitted its end: then it can start again with the bytes that are put back.
      const body = Buffer.concat(chunks);
      if (size > 0) req.unshift(body);
      if (size <= limit) putBack.set(req, body);
      finish(size > limit ? undefined : body);
    };
    req.on('readable', read).on('error', gone).on('close', gone);
    read();
  });
}

/**
 * Whether the whole body has arrived. `complete` tells this in time only for a request of `node:http`. For `node:http2` it is set
 * after `end`, when nothing can be put back, and for Fastify's `inject` never. The state of the stream is right for all of them.
 */
function isComplete(req: IncomingMessage): boolean {
  const state: { ended?: boolean } | undefined = Reflect.get(req, '_readableState');
  return req.complete || state?.ended === true;
}
