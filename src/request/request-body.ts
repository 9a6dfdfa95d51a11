import { type BodySource, bodySource, fixed } from './body.ts';

/** Bytes of a Request's body that are read ahead so that they can be sent again. */
const LIMIT = 1024 * 1024;

/**
 * The body of a `Request`. What it was made from can't be seen, only read; so it is read, once, never teed. If all of
 * it is at hand at once and small, as a string's or a form's is, it becomes bytes that every attempt can send.
 * Otherwise it is a stream that goes once, beginning with what was read.
 */
export async function requestBody(stream: ReadableStream<Uint8Array>): Promise<BodySource> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let pending = reader.read();
  while (bytes <= LIMIT) {
    const read = await Promise.race([pending, nextTurn()]);
    if (read === LATER) break;
    if (read.done) return fixed(Buffer.concat(chunks));
    chunks.push(read.value);
    bytes += read.value.byteLength;
    pending = reader.read();
  }
  const rest = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = chunks.shift();
        if (chunk !== undefined) return controller.enqueue(chunk);
        const { done, value } = await pending;
        if (done) return controller.close();
        controller.enqueue(value);
        pending = reader.read();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // Nothing is taken before it is sent: an untouched stream may go again.
    { highWaterMark: 0 },
  );
  // A read that was begun ahead must not become an unhandled rejection; `pull` awaits it all the same.
  pending.catch(() => {});
  return bodySource(rest as never, true) as BodySource;
}

const LATER = Symbol('not at once');

function nextTurn(): Promise<typeof LATER> {
  return new Promise((resolve) => setImmediate(resolve, LATER));
}
