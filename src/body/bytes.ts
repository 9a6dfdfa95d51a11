/** Not shared memory, and not a view on it: these are no body for `fetch`. */
export function isBytes(body: object | string): body is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return isArrayBuffer(ArrayBuffer.isView(body) ? body.buffer : body);
}

const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get;

/** For an ArrayBuffer of any realm (a test's, a worker's): the getter throws for anything else, which costs microseconds. */
function isArrayBuffer(value: unknown): value is ArrayBuffer {
  if (Reflect.get(Object(value), Symbol.toStringTag) !== 'ArrayBuffer') return false;
  try {
    byteLength?.call(value);
    return true;
  } catch {
    return false;
  }
}

const encoder = new TextEncoder();

/** A copy of a chunk of a body. Text becomes UTF-8. */
export function bytesOf(chunk: unknown): Uint8Array<ArrayBuffer> {
  if (typeof chunk === 'string') return encoder.encode(chunk);
  if (ArrayBuffer.isView(chunk)) {
    return new Uint8Array(
      chunk.buffer,
      chunk.byteOffset,
      chunk.byteLength,
    ).slice() as Uint8Array<ArrayBuffer>;
  }
  // A plain object would become no bytes at all.
  if (!Array.isArray(chunk) && !isArrayBuffer(chunk))
    throw new TypeError(`a body can't have a chunk like ${String(chunk)}`);
  return new Uint8Array(chunk);
}

/** All chunks in one array. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
