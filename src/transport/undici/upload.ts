import { Readable } from 'node:stream';
import { isBytes } from '../../body/bytes.ts';
import type { NodeStream } from '../../body/recognise.ts';
import type { FetchBody } from '../../model/options.ts';

/**
 * A request body on its way past `fetch`: the dispatcher is given the body itself. `fetch` makes a stream of whatever it
 * sends and tees that: for a string, it is the dearest part of the call; of a 256 MiB upload, it keeps 256 MiB in memory.
 */
export interface Upload {
  /** What `fetch` is given in the body's place. */
  readonly standIn: ReadableStream | undefined;
  /** What `fetch` would have found out about the body: the headers that are added unless the caller has set them. */
  readonly headers: Readonly<Record<string, string>>;
  /** For the dispatcher: touches nothing until it is read. Called again after a redirect. */
  content(): string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** Undefined for no body, and for one that is for `fetch` to refuse, or to make sense of. */
export function uploadOf(body: FetchBody | undefined, method: string | undefined): Upload | undefined {
  if (body === undefined || body === null || !mayHaveBody(method)) return undefined;
  if (typeof body === 'string') return text(body, 'text/plain;charset=UTF-8');
  if (typeof body !== 'object') return undefined;
  if (isBytes(body)) {
    // Memory that was given away looks just like none.
    if (body.byteLength === 0) return undefined;
    const bytes = ArrayBuffer.isView(body)
      ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
      : new Uint8Array(body);
    return whole(bytes.byteLength, '', () => bytes);
  }
  if (body instanceof URLSearchParams) {
    return text(String(body), 'application/x-www-form-urlencoded;charset=UTF-8');
  }
  if (body instanceof Blob) return whole(body.size, body.type, () => body.stream());
  if (!(body instanceof ReadableStream) || body.locked) return undefined;
  if (Readable.isDisturbed(body as unknown as Readable)) return undefined;
  return { standIn: standIn(), headers: {}, content: () => body };
}

/** Should it ever be sent, its request fails: it does not go out empty, nor waits for what never comes. */
function standIn(): ReadableStream {
  return new ReadableStream({
    type: 'bytes',
    pull() {
      throw new Error('a stand-in for the body was about to be sent');
    },
  });
}

/** Neither these, nor what a redirect turns into one of these. `fetch` puts them into upper case itself. */
export function mayHaveBody(method: unknown = 'GET'): boolean {
  return !/^(?:get|head)$/i.test(String(method));
}

/** The same stream, and `failed` is told if it breaks off. undici is given it itself: see `NodeBody`. */
export function watchedStream(stream: NodeStream, failed: () => void): NodeStream {
  stream.on('error', failed);
  stream.on('close', () => {
    if (Reflect.get(stream, 'readableEnded') === false) failed();
  });
  return stream;
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

function text(content: string, type: string): Upload | undefined {
  return whole(Buffer.byteLength(content), type, () => content);
}

/** @param length in bytes */
function whole(length: number, type: string, content: Upload['content']): Upload | undefined {
  if (length === 0) return undefined;
  const size = { 'content-length': String(length) };
  return { standIn: undefined, headers: type === '' ? size : { 'content-type': type, ...size }, content };
}
