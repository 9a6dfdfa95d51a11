import { Readable } from 'node:stream';
import { types } from 'node:util';
import { CallerAbort } from './caller-abort.ts';
import type { Gate } from './gate.ts';
import type { Controller, Listener } from './handlers.ts';

// The ways in which a body can be asked for.

/** The most that an unread stream holds, in bytes. */
const READ_AHEAD = 64 * 1024;

/** What a reader of the body hears of an error that ended it: what `fetch` says. */
export function readerError(error: unknown): unknown {
  if (error instanceof CallerAbort) return error.reason;
  return new TypeError('terminated', error instanceof Error ? { cause: error } : undefined);
}

/** All of it at once. */
export class Collector implements Listener {
  readonly #chunks: Buffer[] = [];
  readonly #resolve: (bytes: Buffer) => void;
  readonly #reject: (reason: unknown) => void;

  constructor(resolve: (bytes: Buffer) => void, reject: (reason: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#resolve(joined(this.#chunks));
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.#reject(readerError(error));
  }
}

export function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

/** For Node's decoders. */
export function nodeStream(gate: Gate): Readable {
  let isReleased = false;
  const readable = new Readable({
    read() {
      if (isReleased) return gate.resume();
      isReleased = true;
      gate.release({
        onResponseData(controller, chunk) {
          if (!readable.push(chunk)) controller.pause();
        },
        onResponseEnd: () => void readable.push(null),
        onResponseError: (_controller, error) => void readable.destroy(error),
      });
    },
  });
  return readable;
}

/** A stream, and what ends it from outside. */
export interface OpenStream {
  readonly readable: ReadableStream<Uint8Array>;
  fail(reason: unknown): void;
}

/** The listener of an abort. It is kept as long as the stream is, so that the abort gets here. */
export interface StreamOwner {
  /** The stream was read to its end, or failed, or was cancelled. */
  over(): void;
}

/** A stream of the bytes as they come. */
export function streamFrom(gate: Gate, owner: StreamOwner): OpenStream {
  let isReleased = false;
  const end = new StreamEnd(owner);
  const readable = new ReadableStream(
    {
      type: 'bytes',
      start: (controller) => end.begin(controller),
      pull() {
        if (end.isClosing) return;
        if (isReleased) return gate.resume();
        isReleased = true;
        gate.release({
          onResponseData(controller, chunk) {
            if (end.enqueue(chunk) <= 0) controller.pause();
          },
          onResponseEnd: () => end.close(),
          onResponseError: (_controller, error) => end.fail(readerError(error)),
        });
      },
      cancel() {
        end.cancel();
        gate.abort(new DOMException('The operation was aborted.', 'AbortError'));
      },
    },
    { highWaterMark: READ_AHEAD },
  );
  return { readable, fail: (reason) => end.fail(reason) };
}

/** A stream of what an iterable gives, which is made of the gate's bytes. */
export function streamOf(chunks: AsyncIterable<Buffer>, gate: Gate, owner: StreamOwner): OpenStream {
  const iterator = chunks[Symbol.asyncIterator]();
  const end = new StreamEnd(owner);
  const stop = (reason: Error) => {
    gate.abort(reason);
    // What is being waited for may never come.
    iterator.return?.()?.catch(() => {});
  };
  const readable = new ReadableStream(
    {
      type: 'bytes',
      start: (controller) => end.begin(controller),
      async pull() {
        if (end.isClosing) return;
        try {
          let next = await iterator.next();
          while (!next.done && next.value.byteLength === 0) next = await iterator.next();
          if (next.done) end.close();
          else end.enqueue(next.value);
        } catch (error) {
          end.fail(readerError(error));
          stop(error as Error);
        }
      },
      cancel() {
        end.cancel();
        stop(new DOMException('The operation was aborted.', 'AbortError'));
      },
    },
    { highWaterMark: READ_AHEAD },
  );
  return { readable, fail: (reason) => end.fail(reason) };
}

/** The end of a stream that is written to. */
class StreamEnd {
  readonly #owner: StreamOwner;
  #isOver = false;
  /** All of it was written. */
  #isWritten = false;
  #controller: ReadableByteStreamController | undefined;

  constructor(owner: StreamOwner) {
    this.#owner = owner;
  }

  begin(controller: ReadableByteStreamController): void {
    this.#controller = controller;
  }

  /** @returns how many bytes more it wants */
  enqueue(chunk: Buffer): number {
    if (this.#isOver || this.#controller === undefined) return 0;
    // A copy, because the stream takes the memory of what it is given, and undici's chunks share one memory.
    if (chunk.byteLength > 0) this.#controller.enqueue(new Uint8Array(chunk));
    return this.#controller.desiredSize ?? 0;
  }

  close(): void {
    if (this.#isOver) return;
    this.#isWritten = true;
    this.#closeIfRead();
  }

  /** Whether there is nothing more to pull: it closes once the last piece was read. */
  get isClosing(): boolean {
    this.#closeIfRead();
    return this.#isWritten;
  }

  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#controller?.error(reason);
  }

  cancel(): void {
    this.#end();
  }

  /** Not before: an abort still ends what was not read yet. */
  #closeIfRead(): void {
    if (!this.#isWritten || this.#isOver || this.#controller?.desiredSize !== READ_AHEAD) return;
    this.#end();
    this.#controller.close();
    // A reader that brought its own buffer gets it back empty.
    (this.#controller.byobRequest as ReadableStreamBYOBRequest | null)?.respond(0);
  }

  #end(): void {
    this.#isOver = true;
    this.#owner.over();
  }
}

/** A stream that has been read to its end, and is still held. */
export function usedStream(): ReadableStream<Uint8Array> {
  const stream = new ReadableStream({ type: 'bytes', start: (controller) => controller.close() });
  void stream.getReader().read();
  return stream;
}

/** Reads a stream, and keeps it: so does `fetch`. */
export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    // Not by its class: in jsdom the global Uint8Array is another one.
    if (!types.isUint8Array(value)) throw new TypeError('Received non-Uint8Array chunk');
    chunks.push(value);
  }
}
