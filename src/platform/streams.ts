import { isReadable, PassThrough, Readable } from 'node:stream';

/** Whether anything was read from a stream, of the web or of Node. */
export function isDisturbed(stream: object): boolean {
  return Readable.isDisturbed(stream as Readable);
}

/** Whether a stream has neither ended nor failed. */
export function isOpen(stream: ReadableStream): boolean {
  return isReadable(stream as unknown as NodeJS.ReadableStream) === true;
}

/** Closes a stream of Node, whose connection would stay open for as long as it is not read. */
export function closeNodeStream(stream: unknown): void {
  if (stream instanceof Readable) stream.destroy();
}

/** A stream to pipe another one through. */
export function passThrough(): PassThrough {
  return new PassThrough();
}
