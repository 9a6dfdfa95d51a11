import type { FetchBody } from '../model/options.ts';
import type { BodySource } from './body-source.ts';
import { bytesOf } from './bytes.ts';

/**
 * A stream goes once; but one from which nothing was taken may go again. So each attempt is given a stream of its own
 * that touches the caller's only when its first byte is asked for.
 */
export class OneShot implements BodySource {
  readonly #source: AsyncIterable<unknown>;
  #iterator: AsyncIterator<unknown> | undefined;

  constructor(source: AsyncIterable<unknown>) {
    this.#source = source;
  }

  next(): FetchBody {
    // A stream of bytes, because `fetch` tees what it sends: any other kind would be read from at that moment, before
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
        // A reader that brought its own buffer gets it back empty.
        controller.byobRequest?.respond(0);
        return;
      }
      // A copy, because the stream takes its chunks' memory away from whoever has it.
      const bytes = bytesOf(value);
      if (bytes.byteLength > 0) return controller.enqueue(bytes);
    }
  }
}
