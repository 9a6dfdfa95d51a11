import type { BodySource } from '../body/body-source.ts';
import { heard, iterable } from '../body/node-stream.ts';
import type { NodeStream } from '../body/recognise.ts';
import type { FetchBody } from '../model/options.ts';
import { isDisturbed } from '../platform/streams.ts';

/**
 * A stream of Node's, for a dispatcher: undici knows more about one than about anything else that can be iterated over (its length,
 * if it has ended; when to destroy it). So it is sent itself: once, and again only if nothing was taken from it.
 */
export class NodeBody implements BodySource {
  readonly #stream: AsyncIterable<unknown> & FetchBody;

  constructor(stream: NodeStream) {
    this.#stream = iterable(heard(stream));
  }

  next(): FetchBody {
    return this.#stream;
  }

  repeatable(): boolean {
    return !isDisturbed(this.#stream) && Reflect.get(this.#stream, 'destroyed') !== true;
  }
}
