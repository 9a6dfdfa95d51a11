import { PolicyError } from '../model/errors.ts';
import type { BodyFactory, FetchInit } from '../model/options.ts';
import { fail, isPlainObject } from '../options/checks.ts';
import type { StoredBody } from './call.ts';
import { isStorable } from './storable.ts';

/** Everything that `fetch` can send, or a function that makes it. */
export type CallBody = FetchInit['body'] | BodyFactory;

/** A body in bytes, and what it says of itself. */
export interface ReadBody {
  readonly stored: StoredBody;
  readonly type: string | null;
}

/** Reads a body to its end, once: what is sent later must not depend on what happens to an object in between. */
export async function readBody(body: CallBody, limit: number): Promise<ReadBody | undefined> {
  const made = typeof body === 'function' ? await body() : body;
  if (made === undefined || made === null) return undefined;
  // `fetch` would make '[object Object]' of it.
  if (Array.isArray(made) || isPlainObject(made) || (typeof made !== 'object' && typeof made !== 'string'))
    return fail(
      'body',
      'a string, bytes, a form, a Blob or a stream (JSON.stringify makes a string of a value)',
      made,
    );
  if (typeof made === 'string') {
    const size = Buffer.byteLength(made);
    if (size > limit) throw tooLarge(limit, `${size}`);
    return { stored: textOrBytes(made, undefined), type: 'text/plain;charset=UTF-8' };
  }
  const whole = new Response(made);
  const bytes = await bounded(whole, limit);
  let text: string | undefined;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {}
  return { stored: textOrBytes(text, bytes), type: whole.headers.get('content-type') };
}

async function bounded({ body }: Response, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream: what makes it is told, and makes no more.
    if (size > limit) throw tooLarge(limit, `more than ${limit}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function textOrBytes(text: string | undefined, bytes: Buffer | undefined): StoredBody {
  if (text !== undefined && isStorable(text)) return { text };
  return { base64: (bytes ?? Buffer.from(text ?? '')).toString('base64') };
}

const tooLarge = (limit: number, size: string) =>
  new PolicyError(
    'body',
    `must be at most ${limit} bytes (bodyLimit), got ${size}: store it elsewhere and send a reference`,
  );

/** As it is sent: the same bytes every time. */
export function bodyOf(stored: StoredBody): string | Uint8Array<ArrayBuffer> {
  return 'text' in stored ? stored.text : new Uint8Array(Buffer.from(stored.base64, 'base64'));
}
