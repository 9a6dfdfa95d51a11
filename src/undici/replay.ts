import { bytesOf, concat } from '../body/bytes.ts';
import { destroy, heard } from '../body/node-stream.ts';
import { isAsyncIterable, isNodeStream } from '../body/recognise.ts';
import type { BodyFactory } from '../model/options.ts';
import { fail, isPlainObject } from '../options/checks.ts';
import { RequestContentLengthMismatchError } from '../transport/undici/package.ts';

/** Bytes of a body that are read so that they can be sent again. */
const DEFAULT = 64 * 1024;

/**
 * How many bytes, and the other options.
 * @throws {PolicyError} It is no number of bytes.
 */
export function splitReplay<Others>(
  options: Others & { readonly replay?: number | false },
): [number, Others] {
  // What is wrong with all of it is for others to say.
  if (!isPlainObject(options)) return [DEFAULT, options];
  const { replay = DEFAULT, ...others } = options;
  const bytes = replay === false ? 0 : replay;
  if (!Number.isSafeInteger(bytes) || bytes < 0) fail('replay', 'a number of bytes, or false', replay);
  return [bytes, others as Others];
}

/**
 * A body that comes as a stream, although all of it is known to be small: `fetch` turns every body into one, texts
 * too. It is read once, when its first attempt is made, and every attempt sends the same bytes. Undefined if it isn't
 * such a body.
 *
 * @param length the header `content-length`
 */
export function replayed(body: unknown, length: unknown, limit: number): BodyFactory | undefined {
  if (!isAsyncIterable(body) || !/^\d+$/.test(String(length)) || Number(length) > limit) return undefined;
  heard(body);
  let bytes: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return () => {
    bytes ??= read(body, Number(length));
    return bytes;
  };
}

/**
 * undici finds most bodies of another length than was told. But it sends an empty one, such as a stream that was read
 * before, and all of a longer one would have to be kept.
 *
 * @throws {RequestContentLengthMismatchError} It is such a body.
 */
async function read(body: AsyncIterable<unknown>, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = bytesOf(chunk);
    chunks.push(bytes);
    size += bytes.byteLength;
    if (size > length) break;
  }
  // undici destroys a stream that it has read, whether or not the stream would do so by itself.
  if (isNodeStream(body)) destroy(body);
  if (size > length || (size === 0 && length > 0)) throw new RequestContentLengthMismatchError();
  return concat(chunks);
}
