import { type ForeignBlob, hasMethods } from './recognise.ts';

/**
 * The runtime's own Blob with the bytes of another library's Blob.
 * @throws {TypeError} The Blob can't be read.
 */
export async function nativeBlob(blob: ForeignBlob): Promise<Blob> {
  const type = String(blob.type ?? '');
  if (hasMethods(blob, 'arrayBuffer'))
    return new Blob([(await blob.arrayBuffer?.()) as ArrayBuffer], { type });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of blob.stream?.() ?? []) chunks.push(new Uint8Array(chunk));
  return new Blob(chunks, { type });
}

/** @throws {TypeError} The Blob has no method to read it with. */
export function assertReadable(blob: ForeignBlob): void {
  if (hasMethods(blob, 'arrayBuffer') || hasMethods(blob, 'stream')) return;
  throw new TypeError('the body is a Blob of another library, without arrayBuffer and stream');
}
