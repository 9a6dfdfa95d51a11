import { types } from 'node:util';

/** Shared memory, and a view on it, is no body to `fetch`. */
export function isBytes(body: object | string): body is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return types.isArrayBuffer(ArrayBuffer.isView(body) ? body.buffer : body);
}
