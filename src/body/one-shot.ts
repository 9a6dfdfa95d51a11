import type { FetchBody } from '../model/options.ts';
import type { BodySource } from './body-source.ts';
import { bytesOf } from './bytes.ts';

/**
 * The body of a stream, which can be sent only once. But if nothing was read from the stream, another attempt can still send it.
 * So each attempt gets a stream of its own, which reads from the caller's stream only when its first byte is asked for.
 */
export class OneShot implements BodySource {
  readonly #source: AsyncIterable<unknown>;
  #iterator: AsyncIterator<unknown> | undefined;

  constructor(source: AsyncIterable<unknown>) {
    this.#source = source;
  }

  next(): FetchBody {
    // A byte stream, because `fetch` tees the streams that it sends. It would read from any other kind at that moment, before
    // there is a connection.
    return new ReadableStream({
      type: 'bytes',
      pull: (controller) => this.#pull(controller),
      cancel: async (reason) => {
        await this.#iterator?.return?.(reason);
      },
    });
  }

  repeatable(): boolean {
    return this.#iterator === undefined;
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (done) {
        controller.close();
        // A reader that supplied its own buffer must get it back, empty.
        controller.byobRequest?.respond(0);
        return;
      }
      // A copy, because enqueueing transfers the memory of a chunk.
      const bytes = bytesOf(value);
      if (bytes.byteLength > 0) return controller.enqueue(bytes);
    }
  }
}
