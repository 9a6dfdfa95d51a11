import type { FormDataLike } from 'form-data-encoder';

// The kinds of bodies, by undici's own predicates and in undici's order: the npm package `form-data` is a stream that has the tag
// of a form.

/** A Node stream of any age. Streams of readable-stream 2, and a bare `Stream`, can't be iterated over. */
export interface NodeStream {
  pipe<Target>(target: Target): Target;
  on(event: string, listener: (argument: Error) => void): unknown;
}

export function isNodeStream(body: unknown): body is NodeStream {
  return hasMethods(body, 'pipe', 'on');
}

/** By its tag, because undici's FormData, the runtime's and a polyfill's are different classes. */
export function isFormData(body: unknown): body is FormDataLike {
  return tagOf(body) === 'FormData';
}

/** A stream of the web or of Node, or another async iterable. A Blob is not one. */
export function isAsyncIterable(body: unknown): body is AsyncIterable<unknown> {
  return hasMethods(body, Symbol.asyncIterator);
}

/** A web stream, also a polyfill's. Some polyfills can't be iterated over. */
export function isWebStream(body: unknown): body is ReadableStream {
  return hasMethods(body, 'getReader', 'cancel');
}

/** A Blob or File of another library. `fetch` would send it as the text `[object File]`. */
export interface ForeignBlob {
  readonly type?: string;
  arrayBuffer?(): Promise<ArrayBuffer>;
  stream?(): AsyncIterable<Uint8Array>;
}

export function isForeignBlob(body: unknown): body is ForeignBlob {
  const tag = tagOf(body);
  return (tag === 'Blob' || tag === 'File') && !(body instanceof Blob);
}

function tagOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, Symbol.toStringTag) : undefined;
}

export function hasMethods(body: unknown, ...names: readonly (string | symbol)[]): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return names.every((name) => typeof Reflect.get(body, name) === 'function');
}
