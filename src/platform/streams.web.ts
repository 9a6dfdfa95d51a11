import { builtin } from './builtin.ts';

type Streams = typeof import('node:stream');

/** The standard has no way to see this. `fetch` refuses a stream that was read from. */
export function isDisturbed(_stream: object): boolean {
  return false;
}

/** The standard has no way to see this. */
export function isOpen(_stream: ReadableStream): boolean {
  return true;
}

/** Such a stream is left to the garbage collector. */
export function closeNodeStream(_stream: unknown): void {}

/** @throws {TypeError} The runtime has no Node streams, so it can't read one. */
export function passThrough(): InstanceType<Streams['PassThrough']> {
  const streams = builtin<Streams>('node:stream');
  if (streams === undefined)
    throw new TypeError("the body is a stream of Node's, which this runtime cannot read");
  return new streams.PassThrough();
}
