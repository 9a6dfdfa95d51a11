import { afterInput, cancel, type Look } from '../platform/timers.ts';
import { type BodySource, FixedBody } from './body-source.ts';
import { concat } from './bytes.ts';
import { OneShot } from './one-shot.ts';

/** Bytes of a Request's body that are read ahead so that they can be sent again. */
const LIMIT = 1024 * 1024;
/** How many turns of the event loop each piece of it may take: a Blob in memory takes two. */
const TURNS = 8;

/**
 * The body of a `Request`. What it was made from can't be seen, only read; so it is read, once, never teed. If all of
 * it is at hand at once and small, as a string's or a form's is, it becomes bytes that every attempt can send.
 * Otherwise it is a stream that goes once, beginning with what was read.
 */
export async function requestBody(stream: ReadableStream<Uint8Array>): Promise<BodySource> {
  // Piped, as `fetch` does, so that the Request counts as used from now on.
  if (!isByteStream(stream)) return new OneShot(stream.pipeThrough(new TransformStream()));
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let pending = reader.read();
  for (;;) {
    // A body that breaks does so while it is sent, as with `fetch`.
    const read = await soon(pending).catch((): typeof LATER => LATER);
    // One chunk too many is still looked at: a long string comes in one, and ends there.
    if (read === LATER || (!read.done && bytes > LIMIT)) break;
    if (read.done) {
      reader.releaseLock();
      return new FixedBody(concat(chunks));
    }
    chunks.push(read.value);
    bytes += read.value.byteLength;
    pending = reader.read();
  }
  // `rest` awaits it; until then a failure is nobody's.
  pending.catch(() => {});
  return new OneShot(rest());

  async function* rest() {
    try {
      yield* chunks.splice(0);
      for (let read = await pending; !read.done; read = await reader.read()) yield read.value;
    } finally {
      // Given up half-way: nobody will read the rest.
      await reader.cancel();
      reader.releaseLock();
    }
  }
}

/** Every body but the caller's own stream is a stream of bytes; the caller's seldom is. */
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
      // Nothing is left behind: tests count what is in a fake clock.
      cancel(look);
    }
  }
  return LATER;
}
