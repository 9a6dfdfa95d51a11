import { Readable } from 'node:stream';
import type { FetchBody } from '../policy/options.ts';

/**
 * A body that is made while it is sent, on its way past `fetch`. That one tees whatever it sends, and keeps in memory
 * all that has gone out until the request is over: 256 MiB of upload would take as much memory. So the dispatcher is
 * given the body itself, and `fetch` a stand-in of the same kind.
 */
export class Upload {
  /** For `fetch`. Of a Blob it wants to know the size and the type, and does not read it unless it is asked to. */
  readonly standIn: FetchBody;
  /** Whether the body broke while it was read. */
  failed = false;
  readonly #body: Blob | ReadableStream<Uint8Array>;

  constructor(body: Blob | ReadableStream<Uint8Array>) {
    this.#body = body;
    this.standIn = body instanceof Blob ? body : new ReadableStream({ type: 'bytes' });
  }

  /** For the dispatcher: touches nothing until it is read. A Blob can be read again, after a redirect. */
  async *read(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#body instanceof Blob ? this.#body.stream() : this.#body;
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}

/** Undefined for a body that is there as a whole, and for one that is for `fetch` to refuse. */
export function uploadOf(body: FetchBody | undefined): Upload | undefined {
  if (body instanceof Blob) return new Upload(body);
  if (!(body instanceof ReadableStream) || body.locked) return undefined;
  return Readable.isDisturbed(body as unknown as Readable) ? undefined : new Upload(body);
}
