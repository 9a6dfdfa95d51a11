import type { FetchBody } from '../model/options.ts';
import { passThrough } from '../platform/streams.ts';
import { isAsyncIterable, isNodeStream, type NodeStream } from './recognise.ts';

/**
 * The same body. If it is a stream of Node's, its errors are heard from now on: an 'error' without a listener ends the
 * process, and a stream may fail long before its first byte is asked for. Whoever reads the stream is told then.
 */
export function heard<Body>(body: Body): Body {
  if (isNodeStream(body)) body.on('error', () => {});
  return body;
}

/** Old streams can't be. */
export function destroy(stream: NodeStream, error?: Error): void {
  (stream as { destroy?(error?: Error): void }).destroy?.(error);
}

/** Something to iterate over. An old stream is piped: that is all that it can do for certain. */
export function iterable(stream: NodeStream): AsyncIterable<unknown> & FetchBody {
  if (isAsyncIterable(stream)) return stream as AsyncIterable<unknown> & FetchBody;
  const piped = passThrough();
  stream.on('error', (error) => piped.destroy(error));
  stream.on('close', () => {
    if (!piped.writableEnded) piped.destroy(new Error('the body was closed before its end'));
  });
  return heard(stream.pipe(piped)) as unknown as AsyncIterable<unknown> & FetchBody;
}
