import type { PassThrough } from 'node:stream';
import { builtin } from './builtin.ts';

/** The standard lets nobody see it: what was read and let go of is for `fetch` to refuse. */
export function isDisturbed(_stream: object): boolean {
  return false;
}

/** The standard lets nobody see that either. */
export function isOpen(_stream: ReadableStream): boolean {
  return true;
}

/** @throws {TypeError} Where there are no streams of Node's, what looks like one can't be read. */
export function passThrough(): PassThrough {
  const streams = builtin<typeof import('node:stream')>('node:stream');
  if (streams === undefined)
    throw new TypeError("the body is a stream of Node's, which this runtime cannot read");
  return new streams.PassThrough();
}
