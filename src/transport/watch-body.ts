import type { FetchBody } from '../model/options.ts';

/** The same body. If it is a stream that fails while it is sent, `failed` hears of it: `fetch` would not say why. */
export function watchBody(body: FetchBody, failed: () => void): FetchBody {
  if (!(body instanceof ReadableStream)) return body;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const read = async () => {
    try {
      // Not before it is asked for: a stream that was never touched may go again.
      reader ??= (body as ReadableStream<Uint8Array>).getReader();
      return await reader.read();
    } catch (error) {
      failed();
      throw error;
    }
  };
  // Of bytes, because any other kind is read from as soon as `fetch` tees it, before there is a connection.
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      let { done, value } = await read();
      while (value?.byteLength === 0) ({ done, value } = await read());
      // A copy, because the stream takes the memory of what it is given.
      if (value !== undefined) controller.enqueue(new Uint8Array(value));
      if (!done) return;
      controller.close();
      // A reader that brought its own buffer gets it back empty.
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => (reader ?? body).cancel(reason),
  });
}
