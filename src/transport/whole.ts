import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';

const decoders: Record<string, () => NodeJS.ReadWriteStream> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
};

/**
 * Resolves if a compressed body is complete, rejects if it is cut short. `fetch` decodes leniently and takes what
 * it gets; a body that came in correct framing may still be half of what the origin compressed.
 * Codings that cannot be told apart, or that are stacked, pass.
 */
export async function isWhole(encoding: string, chunks: readonly Buffer[]): Promise<void> {
  const decoder = decoders[encoding.trim().toLowerCase()];
  if (decoder === undefined || chunks.length === 0) return;
  await pipeline(
    Readable.from(chunks),
    decoder(),
    new Writable({ write: (_chunk, _encoding, next) => next() }),
  );
}
