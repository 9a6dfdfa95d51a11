import type { FetchBody } from '../model/options.ts';
import { passThrough } from '../platform/streams.ts';
import { isAsyncIterable, isNodeStream, type NodeStream } from './recognise.ts';

/**
 * Returns the body. If it is a Node stream, adds a listener for its errors: an 'error' event without a listener ends the process,
 * and a stream may fail long before its first byte is read. The reader of the stream receives the error too.
 */
export function heard<Body>(body: Body): Body {
  if (isNodeStream(body)) body.on('error', () => {});
  return body;
}

/** Old streams have no `destroy`, and stay as they are. */
export function destroy(stream: NodeStream, error?: Error): void {
  (stream as { destroy?(error?: Error): void }).destroy?.(error);
}

/** Makes a stream iterable. An old stream is piped, because `pipe` is all that old streams certainly have. */
export function iterable(stream: NodeStream): AsyncIterable<unknown> & FetchBody {
  if (isAsyncIterable(stream)) return stream as AsyncIterable<unknown> & FetchBody;
  const piped = passThrough();
  stream.on('error', (error) => piped.destroy(error));
  stream.on('close', () => {
    if (!piped.writableEnded) piped.destroy(new Error('the body was closed before its end'));
  });
  // What can only be written to has a `pipe` too, which emits an error and returns nothing.
  stream.pipe(heard(piped));
  return piped as unknown as AsyncIterable<unknown> & FetchBody;
}
