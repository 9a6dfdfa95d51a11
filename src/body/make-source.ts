import type { BodyFactory, FetchBody } from '../model/options.ts';
import { isDisturbed } from '../platform/streams.ts';
import { type BodySource, FixedBody } from './body-source.ts';
import { isBytes } from './bytes.ts';
import { multipart, newBoundary } from './multipart.ts';
import { OneShot } from './one-shot.ts';

/**
 * Every kind of body, with the same bytes on each attempt. What the caller could change while the call is under way
 * is copied now, as `fetch` does.
 *
 * @param once there will be one attempt only
 */
export function makeBodySource(
  body: FetchBody | BodyFactory | undefined,
  once: boolean,
): BodySource | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'function') return factory(body);
  if (isFormData(body)) return new FixedBody(multipart(body));
  if (!isAsyncIterable(body)) return new FixedBody(snapshot(body));
  // A stream that was used is for `fetch` to refuse.
  return once || isUsed(body) ? new FixedBody(body) : new OneShot(body);
}

/** The caller's function makes the body anew; but the boundary of its forms stays. */
function factory(make: BodyFactory): BodySource {
  let boundary: string | undefined;
  return {
    async next() {
      const body = await make();
      if (body === undefined || body === null || !isFormData(body)) return body;
      boundary ??= newBoundary();
      return multipart(body, boundary);
    },
    repeatable: () => true,
  };
}

function snapshot(body: NonNullable<FetchBody>): FetchBody {
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  // Nothing need not be copied; and memory that was given away, which looks the same, can't be.
  if (!isBytes(body) || body.byteLength === 0) return body;
  if (!ArrayBuffer.isView(body)) return body.slice(0);
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
}

/** By its tag: undici's FormData, the runtime's and a polyfill's are different classes. */
function isFormData(body: object | string): body is FormData {
  return typeof body === 'object' && Reflect.get(body, Symbol.toStringTag) === 'FormData';
}

/** A stream of the web or of Node, or anything else that undici's `fetch` iterates over. A Blob is not one. */
function isAsyncIterable(body: object | string): body is AsyncIterable<unknown> & FetchBody {
  return typeof body === 'object' && Symbol.asyncIterator in body;
}

function isUsed(body: object): boolean {
  return Reflect.get(body, 'locked') === true || isDisturbed(body);
}
