import type { BodyFactory, FetchBody } from '../model/options.ts';
import { isDisturbed } from '../platform/streams.ts';
import { type BodySource, FixedBody } from './body-source.ts';
import { isBytes } from './bytes.ts';
import { nativeBlob } from './foreign-blob.ts';
import { FormBody, multipart, newBoundary } from './multipart.ts';
import { heard, iterable } from './node-stream.ts';
import { OneShot } from './one-shot.ts';
import {
  hasMethods,
  isAsyncIterable,
  isForeignBlob,
  isFormData,
  isNodeStream,
  isWebStream,
} from './recognise.ts';
import { assertUnused } from './unused.ts';

/**
 * Makes the source of a call's bodies: the same bytes for each attempt, whatever the kind of body. Data that the caller could
 * change during the call is copied now, as `fetch` does.
 *
 * @param once whether there is only one attempt
 * @throws {TypeError} The body can't be read.
 */
export function makeBodySource(
  body: FetchBody | BodyFactory | BodySource | undefined,
  once: boolean,
): BodySource | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'function') return factory(body);
  if (isBodySource(body)) return body;
  const stream = streamOf(body);
  if (stream !== undefined) {
    assertUnused(stream);
    // Node's `fetch` refuses a stream of Node's that was used already.
    return once || isDisturbed(stream) ? new FixedBody(stream) : new OneShot(stream);
  }
  if (isFormData(body)) return new FormBody(body);
  return new FixedBody(snapshot(body));
}

function isBodySource(body: object | string): body is BodySource {
  return hasMethods(body, 'next', 'repeatable');
}

/** The caller's function makes each body anew. All its forms share one boundary. */
function factory(make: BodyFactory): BodySource {
  let boundary: string | undefined;
  return {
    async next() {
      const body = heard(await make());
      const stream = streamOf(body);
      if (stream !== undefined) return stream;
      if (isForeignBlob(body)) return nativeBlob(body);
      if (!isFormData(body)) return body;
      boundary ??= newBoundary();
      return multipart(body, boundary)();
    },
    repeatable: () => true,
  };
}

/** A stream of Node's or of the web, or anything else that undici's `fetch` can iterate over. */
function streamOf(body: FetchBody): (AsyncIterable<unknown> & FetchBody) | undefined {
  if (isNodeStream(body)) return iterable(body);
  if (isFormData(body)) return undefined;
  if (isAsyncIterable(body)) return body as AsyncIterable<unknown> & FetchBody;
  return isWebStream(body) ? (chunksOf(body) as AsyncIterable<unknown> & FetchBody) : undefined;
}

async function* chunksOf(stream: ReadableStream): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    await reader.cancel();
  }
}

function snapshot(body: NonNullable<FetchBody>): FetchBody {
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  // Nothing to copy, or detached memory, which has the length 0 too and can't be copied.
  if (!isBytes(body) || body.byteLength === 0) return body;
  if (!ArrayBuffer.isView(body)) return body.slice(0);
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
}
