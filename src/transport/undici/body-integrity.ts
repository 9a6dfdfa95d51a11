import { type Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  type InflateRaw,
} from 'node:zlib';
import { isWholeZstd } from './zstd-frames.ts';

/** What a response says of its body. */
export interface BodyHead {
  /** `content-length`, or the empty string. */
  readonly length: string;
  /** `content-encoding`, or the empty string. */
  readonly encoding: string;
}

/**
 * Resolves if a body that came to a regular end is complete, rejects if it is cut short.
 *
 * Two things are taken for an end that are none. `fetch` decodes leniently: half of what the origin compressed, in
 * correct framing, is half a body to it. And over HTTP/2, undici 7 takes a stream that was reset for one that ended.
 * Codings that cannot be told apart, or that are stacked, pass.
 */
export async function assertIntact(head: BodyHead, chunks: readonly Uint8Array[]): Promise<void> {
  const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (/^\d+$/.test(head.length) && Number(head.length) !== bytes) {
    throw new Error(`the response body has ${bytes} bytes, its content-length is ${head.length}`);
  }
  const encoding = head.encoding.trim().toLowerCase();
  if (encoding === 'zstd' && !isWholeZstd(Buffer.concat(chunks))) {
    throw new Error(`the response body is cut: its ${bytes} bytes of zstd end before their last block`);
  }
  const decoder = decoders.get(encoding);
  if (decoder === undefined || bytes === 0) return;
  const nowhere = new Writable({ write: (_chunk, _encoding, next) => next() });
  await pipeline(Readable.from(chunks), decoder(chunks), nowhere);
}

type Decoder = (chunks: readonly Uint8Array[]) => Duplex;

const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['br', () => createBrotliDecompress()],
  ['deflate', deflate],
]);

/** Some servers leave out the zlib wrapper, which RFC 9110, section 8.4.1.2, asks for; browsers put up with it. */
function deflate(chunks: readonly Uint8Array[]): InflateRaw {
  const first = chunks.find(({ byteLength }) => byteLength > 0)?.[0] ?? 0;
  return (first & 0x0f) === 0x08 ? createInflate() : createInflateRaw();
}
