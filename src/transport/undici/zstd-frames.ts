const FRAME = 0xfd2fb528;
/** Sixteen magic numbers, for data that is no content. */
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const CHECKSUM_BYTES = 4;
/** One byte, so many times. */
const RUN = 1;

/**
 * Whether some zstd data ends where a frame ends (RFC 8878, section 3.1). Node 20 can't decode it, and Node 22 does not notice that it is
 * cut; but every block says how long it is, and which is the last.
 */
export function isWholeZstd(data: Buffer): boolean {
  try {
    let at = 0;
    while (at < data.length) at = endOfFrame(data, at);
    return at === data.length;
  } catch {
    // It was read beyond its end.
    return false;
  }
}

function endOfFrame(data: Buffer, start: number): number {
  const magic = data.readUInt32LE(start);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return start + 8 + data.readUInt32LE(start + 4);
  if (magic !== FRAME) throw new Error('this is no frame of zstd');
  const descriptor = data.readUInt8(start + 4);
  let at = start + 5 + headerBytes(descriptor);
  for (let isLast = false; !isLast; ) {
    const block = data.readUIntLE(at, 3);
    isLast = (block & 1) === 1;
    const isRun = ((block >> 1) & 3) === RUN;
    at += 3 + (isRun ? 1 : block >> 3);
  }
  return (descriptor & 4) === 0 ? at : at + CHECKSUM_BYTES;
}

/** What the header has beside its first byte. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 32) !== 0;
  const size = CONTENT_SIZE_BYTES[descriptor >> 6] ?? 0;
  return (isSingleSegment ? Math.max(1, size) : 1 + size) + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0);
}
