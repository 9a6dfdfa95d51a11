/**
 * Reads a response's body up to `limit` bytes and gives back a response with that body whole. A longer body goes on
 * as a stream, beginning with what was read. Rejects as the body does.
 */
export async function readAhead(response: Response, limit: number, chunkCame: () => void): Promise<Response> {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= limit) {
    const { done, value } = await reader.read();
    if (done) return withBody(response, new Blob(chunks as BlobParts));
    chunks.push(value);
    bytes += value.byteLength;
    chunkCame();
  }
  const rest = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return withBody(response, rest);
}

type BlobParts = NonNullable<ConstructorParameters<typeof Blob>[0]>;

/** A Response can't be given another body, nor be constructed with a url. */
function withBody(response: Response, body: Blob | ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers, url, redirected, type } = response;
  const copy = new Response(body, { status, statusText, headers });
  return Object.defineProperties(copy, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  });
}
