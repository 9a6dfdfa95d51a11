/**
 * Reads a response's body, up to `limit` bytes, before other readers. What was read stays in the response, which
 * is the same object as before: a Response can't be given another body, nor be constructed with a url.
 * Rejects as the body does.
 *
 * @returns whether that was all of it
 */
export async function readAhead(
  response: Response,
  limit: number,
  chunkCame: (bytes: number) => void,
): Promise<boolean> {
  // A clone has no other reader: each chunk goes to both, and waits in the response.
  const reader = response.clone().body?.getReader();
  if (reader === undefined) return true;
  for (let bytes = 0; bytes <= limit; ) {
    const { done, value } = await reader.read();
    if (done) return true;
    bytes += value.byteLength;
    chunkCame(value.byteLength);
  }
  // Not awaited: it only resolves when the response's own body is done with, too.
  reader.cancel().catch(() => {});
  return false;
}
