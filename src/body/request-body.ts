import { afterInput, cancel, type Look } from '../platform/timers.ts';
import { type BodySource, FixedBody } from './body-source.ts';
import { concat } from './bytes.ts';
import { OneShot } from './one-shot.ts';

/** The bytes of a Request's body that are read ahead, so that they can be sent again. */
const LIMIT = 1024 * 1024;
/** The turns of the event loop that each read may take. A Blob in memory takes two. */
const TURNS = 8;

/**
 * The body of a `Request`. The original body can't be seen, only read; so it is read once, and never teed. A small body that can
 * be read at once, such as a string or a form, becomes bytes that every attempt can send. Otherwise the body is a stream that can
 * be sent once, which begins with the chunks that were read.
 */
export async function requestBody(stream: ReadableStream<Uint8Array>): Promise<BodySource> {
  // Piped, as `fetch` does, so that the Request counts as used from now on.
  if (!isByteStream(stream)) return new OneShot(stream.pipeThrough(new TransformStream()));
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let pending = reader.read();
  for (;;) {
    // A read that fails is left to the sending: the attempt fails then, as with `fetch`.
    const read = await soon(pending).catch((): typeof LATER => LATER);
    // Reads one more chunk above the limit, because a long string arrives as one chunk and ends there.
    if (read === LATER || (!read.done && bytes > LIMIT)) break;
    if (read.done) {
      reader.releaseLock();
      return new FixedBody(concat(chunks));
    }
    chunks.push(read.value);
    bytes += read.value.byteLength;
    pending = reader.read();
  }
  // `rest` awaits this promise later. Until then its rejection must not count as unhandled.
  pending.catch(() => {});
  return new OneShot(rest());

  async function* rest() {
    try {
      yield* chunks.splice(0);
      for (let read = await pending; !read.done; read = await reader.read()) yield read.value;
    } finally {
      // The rest is not wanted any more.
      await reader.cancel();
      reader.releaseLock();
    }
  }
}

/** Every body is a byte stream, except most streams of the caller's. */
function isByteStream(stream: ReadableStream): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

const LATER = Symbol('not at once');

async function soon<T>(promise: Promise<T>): Promise<T | typeof LATER> {
  for (let turn = 0; turn < TURNS; turn++) {
    let look: Look | undefined;
    const nextTurn = new Promise<typeof LATER>((resolve) => {
      look = afterInput(() => resolve(LATER));
    });
    try {
      const first = await Promise.race([promise, nextTurn]);
      if (first !== LATER) return first;
    } finally {
      // Clears the timer, because tests with a fake clock count the timers that are left.
      cancel(look);
    }
  }
  return LATER;
}
