import { builtin } from './builtin.ts';

type Streams = typeof import('node:stream');

/** The standard lets nobody see it: what was read and let go of is for `fetch` to refuse. */
export function isDisturbed(_stream: object): boolean {
  return false;
}

/** The standard lets nobody see that either. */
export function isOpen(_stream: ReadableStream): boolean {
  return true;
}

/** @throws {TypeError} Where there are no streams of Node's, what looks like one can't be read. */
export function passThrough(): InstanceType<Streams['PassThrough']> {
  const streams = builtin<Streams>('node:stream');
  if (streams === undefined)
    throw new TypeError("the body is a stream of Node's, which this runtime cannot read");
  return new streams.PassThrough();
}
