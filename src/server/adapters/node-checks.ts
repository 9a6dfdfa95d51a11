import { types } from 'node:util';

/**
 * What Node refuses, with its codes. The checks are made while the handler runs, as Node makes them, not when its response is
 * sent: its framework may still answer with something else.
 */

/** @throws {RangeError} No such status can be sent. */
export function checkStatus(status: unknown): void {
  const code = Math.trunc(Number(status));
  if (!(code >= 100 && code <= 999))
    throw coded(new RangeError(`Invalid status code: ${status}`), 'ERR_HTTP_INVALID_STATUS_CODE');
}

/** @throws {TypeError} It is neither text nor bytes. */
export function checkChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || types.isUint8Array(chunk)) return;
  const kind = chunk === null ? 'null' : typeof chunk;
  throw coded(
    new TypeError(`The chunk must be a string, a Buffer or a Uint8Array, got ${kind}`),
    chunk === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE',
  );
}

/** @throws The response has begun. */
export function checkHeadersNotSent(isSent: boolean): void {
  if (isSent)
    throw coded(
      new Error('Cannot change headers after they are sent to the client'),
      'ERR_HTTP_HEADERS_SENT',
    );
}

function coded(error: Error, code: string): Error {
  return Object.assign(error, { code });
}
