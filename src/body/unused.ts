/** @throws {TypeError} The stream was read from before, or is locked. In every runtime only the constructors of bodies tell. */
export function assertUnused(stream: unknown): void {
  if (stream instanceof ReadableStream) new Response(stream);
}
