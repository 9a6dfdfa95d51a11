import { Readable } from 'node:stream';
import type { BodyFactory, FetchBody } from '../policy/options.ts';
import { multipart } from './multipart.ts';

/** Gives each attempt its body. */
export interface BodySource {
  /** The body for the next attempt. */
  next(): FetchBody | Promise<FetchBody>;
  /** Whether another attempt can be given the same bytes. */
  repeatable(): boolean;
}

/**
 * Every kind of body, with the same bytes on each attempt. What the caller could change while the call is under way
 * is copied, unless there is only one attempt anyway.
 */
export function bodySource(body: FetchBody | BodyFactory | undefined, once: boolean): BodySource | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'function') return { next: body, repeatable: () => true };
  if (isFormData(body)) return fixed(multipart(body));
  if (body instanceof ReadableStream) return new StreamSource(body);
  if (isAsyncIterable(body)) return new IterableSource(body);
  return fixed(once ? body : snapshot(body));
}

export function fixed(body: FetchBody): BodySource {
  return { next: () => body, repeatable: () => true };
}

function snapshot(body: NonNullable<FetchBody>): FetchBody {
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  if (body instanceof ArrayBuffer) return body.slice(0);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  return body;
}

/** A stream goes once; but one from which nothing was taken may go again. */
class StreamSource implements BodySource {
  readonly #stream: ReadableStream;

  constructor(stream: ReadableStream) {
    this.#stream = stream;
  }

  next(): FetchBody {
    return this.#stream as FetchBody;
  }

  repeatable(): boolean {
    return !this.#stream.locked && !Readable.isDisturbed(this.#stream as unknown as Readable);
  }
}

/** undici takes async iterables too. Same rule as for a stream. */
class IterableSource implements BodySource {
  readonly #iterable: AsyncIterable<Uint8Array>;
  #touched = false;

  constructor(iterable: AsyncIterable<Uint8Array>) {
    this.#iterable = iterable;
  }

  next(): FetchBody {
    const source = this;
    async function* watched() {
      source.#touched = true;
      yield* source.#iterable;
    }
    return watched() as unknown as FetchBody;
  }

  repeatable(): boolean {
    return !this.#touched;
  }
}

/** By its tag: undici's FormData, the runtime's and a polyfill's are different classes. */
function isFormData(body: object | string): body is FormData {
  return typeof body === 'object' && Reflect.get(body, Symbol.toStringTag) === 'FormData';
}

function isAsyncIterable(body: object | string): body is AsyncIterable<Uint8Array> {
  // A Blob is not one; a Node stream is.
  return typeof body === 'object' && Symbol.asyncIterator in body;
}
