import { closeNodeStream } from '../platform/streams.ts';
import { unref } from '../platform/timers.ts';
import { webBodyOf } from './double.ts';

/** An error body up to this size is read, so that its connection can be used again; a longer one is cut off. */
export const DRAIN_BYTES = 64 * 1024;
/** And it has this long to arrive, in milliseconds. */
export const DRAIN_TIME = 1_000;

/**
 * Lets go of a response that will not be read. An unread body would keep its connection, or its memory, for good.
 * Returns at once, because no caller waits for a discarded body.
 */
export function discard(response: Response): void {
  if (response.bodyUsed) return;
  const body = webBodyOf(response);
  if (body === undefined) closeNodeStream(response.body);
  else
    drain(body.getReader()).catch(() => {
      // The body broke, which is one way to be rid of it.
    });
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const cancel = () => void reader.cancel().catch(() => {});
  const timer = setTimeout(cancel, DRAIN_TIME);
  unref(timer);
  try {
    for (let bytes = 0; bytes <= DRAIN_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.byteLength;
    }
    cancel();
  } finally {
    clearTimeout(timer);
  }
}
