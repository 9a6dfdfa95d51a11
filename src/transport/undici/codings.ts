import { type Duplex, pipeline, Readable } from 'node:stream';
import zlib from 'node:zlib';

/** How one content-coding is undone. */
interface Coding {
  /** For a body that comes piece by piece. */
  transform(): Duplex | ((source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>);
  /** For a short one that is there. @param most bytes that may come out */
  decode(bytes: Uint8Array, most: number): Buffer;
}

// As lenient as `fetch`: servers send bodies that are not quite whole, and browsers put up with them.
const { constants } = zlib;
const gzip = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const brotli = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };

const gunzip: Coding = {
  transform: () => zlib.createGunzip(gzip),
  decode: (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { ...gzip, maxOutputLength }),
};

const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  [
    'deflate',
    {
      transform: () => inflated,
      decode: (bytes, maxOutputLength) =>
        (isWrapped(bytes) ? zlib.inflateSync : zlib.inflateRawSync)(bytes, { ...gzip, maxOutputLength }),
    },
  ],
  [
    'br',
    {
      transform: () => zlib.createBrotliDecompress(brotli),
      decode: (bytes, maxOutputLength) => zlib.brotliDecompressSync(bytes, { ...brotli, maxOutputLength }),
    },
  ],
  ...zstd(),
]);

/** Node 20 does not know it. */
function zstd(): [string, Coding][] {
  const { createZstdDecompress, zstdDecompressSync } = zlib as typeof zlib & {
    createZstdDecompress?(options: object): Duplex;
    zstdDecompressSync?(bytes: Uint8Array, options: object): Buffer;
  };
  if (createZstdDecompress === undefined || zstdDecompressSync === undefined) return [];
  const { ZSTD_e_continue, ZSTD_e_end } = constants as unknown as Record<string, number>;
  const options = { flush: ZSTD_e_continue, finishFlush: ZSTD_e_end };
  return [
    [
      'zstd',
      {
        transform: () => createZstdDecompress(options),
        decode: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { ...options, maxOutputLength }),
      },
    ],
  ];
}

/** `fetch` takes more for an attack. */
const MOST_CODINGS = 5;

/** What is to be undone, the first thing first. Undefined if it is too much. Where one is not known, none is undone. */
export function codingsOf(contentEncoding: string | undefined): readonly Coding[] | undefined {
  if (!contentEncoding) return NONE;
  const names = contentEncoding.toLowerCase().split(',');
  if (names.length > MOST_CODINGS) return undefined;
  const codings: Coding[] = [];
  for (const name of names.reverse()) {
    const coding = CODINGS.get(name.trim());
    if (coding === undefined) return NONE;
    codings.push(coding);
  }
  return codings;
}

const NONE: readonly Coding[] = [];

export type { Coding };

/** A short body is decoded at once, if it does not grow beyond this: the process does nothing else meanwhile. */
const SHORT = 16 * 1024;
const MOST = 256 * 1024;

/** Undefined if it is not short, or is not right: the other way says what is wrong. */
export function decodeShort(bytes: Buffer, codings: readonly Coding[]): Buffer | undefined {
  if (bytes.byteLength > SHORT) return undefined;
  try {
    return codings.reduce((coded, coding) => coding.decode(coded, MOST), bytes);
  } catch {
    return undefined;
  }
}

/** A body, decoded as it comes. It breaks as the source does, or where the coding is wrong. */
export function decoded(source: Readable, codings: readonly Coding[]): AsyncIterable<Buffer> {
  const transforms = codings.map((coding) => coding.transform());
  // The reader of the stream hears of the error.
  return pipeline([source, ...transforms] as unknown as [Readable, Duplex], () => {}) as unknown as Readable;
}

/** Some servers leave out the zlib wrapper, which RFC 9110, section 8.4.1.2, asks for; browsers put up with it. */
function isWrapped(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 0x08;
}

async function* inflated(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let first = await chunks.next();
  while (!first.done && first.value.byteLength === 0) first = await chunks.next();
  if (first.done) return;
  const decoder = isWrapped(first.value) ? zlib.createInflate(gzip) : zlib.createInflateRaw(gzip);
  const { value } = first;
  async function* all(): AsyncGenerator<Buffer> {
    yield value;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  yield* pipeline(Readable.from(all()), decoder, () => {}) as AsyncIterable<Buffer>;
}
