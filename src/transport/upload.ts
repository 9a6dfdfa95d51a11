import { Readable } from 'node:stream';
import type { FetchBody } from '../policy/options.ts';

/**
 * A body that is made while it is sent, on its way past `fetch`. That one tees whatever it sends, and keeps in memory
 * all that has gone out until the request is over: 256 MiB of upload would take as much memory. So the dispatcher is
 * given the body itself, and `fetch` a stand-in of the same kind.
 */
export type Upload = Blob | ReadableStream<Uint8Array>;

/** Undefined for a body that is there as a whole, and for one that is for `fetch` to refuse. */
export function uploadOf(body: FetchBody | undefined): Upload | undefined {
  if (body instanceof Blob) return body;
  if (!(body instanceof ReadableStream) || body.locked) return undefined;
  return Readable.isDisturbed(body as unknown as Readable) ? undefined : body;
}

/** For `fetch`. Of a Blob it wants to know the size and the type, and does not read it unless it is asked to. */
export function standInFor(upload: Upload): Upload {
  return upload instanceof Blob ? upload : new ReadableStream({ type: 'bytes' });
}

/** For the dispatcher: touches nothing until it is read. A Blob can be read again, after a redirect. */
export function chunksOf(upload: Upload): AsyncIterable<Uint8Array> {
  return upload instanceof Blob ? upload.stream() : upload;
}

/** The same chunks, and `failed` is told if they break off. */
export async function* watched<Chunk>(
  chunks: AsyncIterable<Chunk>,
  failed: () => void,
): AsyncGenerator<Chunk> {
  try {
    yield* chunks;
  } catch (error) {
    failed();
    throw error;
  }
}
