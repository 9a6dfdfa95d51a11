/** A body that was read: the whole body, or, if it is above the limit, a stream of all its bytes. */
export type ReadBody =
  | { readonly whole: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly whole: false; readonly stream: ReadableStream<Uint8Array> };

/** Reads a body up to `limit` bytes. A longer body is returned as a stream of all its bytes, so that it can still be read. */
export async function readUpTo(body: ReadableStream<Uint8Array> | null, limit: number): Promise<ReadBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (body === null) return { whole: true, bytes: join(chunks, size) };
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { whole: true, bytes: join(chunks, size) };
    // Anything else would be taken for a row of zeros. In Jest, Node's own arrays are of another realm.
    if (Object.prototype.toString.call(value) !== '[object Uint8Array]')
      throw new TypeError(`A body must be a stream of Uint8Array, got ${typeof value}`);
    chunks.push(value);
    size += value.length;
    if (size > limit) return { whole: false, stream: resumed(chunks, reader) };
  }
}

function resumed(
  chunks: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
