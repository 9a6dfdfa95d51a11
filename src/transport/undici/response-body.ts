import { Readable } from 'node:stream';
import { isOpen } from '../../platform/streams.ts';
import type { AbortTarget } from '../exchange.ts';
import {
  Collector,
  joined,
  nodeStream,
  type OpenStream,
  readAll,
  readerError,
  streamFrom,
  streamOf,
  usedStream,
} from './body-sinks.ts';
import { CallerAbort } from './caller-abort.ts';
import { type Coding, decoded, decodeShort } from './codings.ts';
import type { Gate } from './gate.ts';

/**
 * The body of a response. Its bytes stay where they are until a reader asks for them; and a stream, which is the dearest
 * part of a response, is only made for those who ask for one.
 */
export class ResponseBody implements AbortTarget {
  /** Where the bytes are. */
  #gate: Gate | undefined;
  readonly #codings: readonly Coding[];
  #stream: ReadableStream<Uint8Array> | undefined;
  #isRead = false;
  /** Ends what is being read, or will be, with the caller's reason. */
  #fail: ((reason: unknown) => void) | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #whenOver: (() => void) | undefined;

  constructor(source: Gate | ReadableStream<Uint8Array>, codings: readonly Coding[]) {
    if (source instanceof ReadableStream) this.#stream = lives(source, this);
    else this.#gate = source;
    this.#codings = codings;
  }

  /** Whether anything was taken from it. */
  get used(): boolean {
    return this.#stream === undefined ? this.#isRead : Readable.isDisturbed(this.#stream as never);
  }

  get unusable(): boolean {
    return this.used || this.#stream?.locked === true;
  }

  get stream(): ReadableStream<Uint8Array> {
    this.#stream ??= this.#open();
    return this.#stream;
  }

  /** Whether more of it may come. */
  get isComing(): boolean {
    return this.#gate?.isOver === false;
  }

  /** Whether an abort has nothing left to end. */
  get isOver(): boolean {
    return this.#gate === undefined && (this.#stream === undefined || !isOpen(this.#stream));
  }

  whenOver(listener: () => void): void {
    this.#whenOver = listener;
  }

  /** It has been read, or failed: an abort has nothing left to end. */
  over(): void {
    this.#gate = undefined;
    this.#whenOver?.();
    this.#whenOver = undefined;
  }

  /** All of its bytes, once; at once, if they are all there, as those of most bodies are. */
  read(): Buffer | Promise<Buffer> {
    if (this.#stream !== undefined) return readAll(this.#stream).finally(() => this.over());
    this.#isRead = true;
    const gate = this.#gate;
    if (this.#aborted !== undefined || gate === undefined) return Promise.reject(this.#aborted?.reason);
    const held = gate.take();
    if (held !== undefined) return this.#readHeld(joined(held));
    if (this.#codings.length > 0) return this.#collect(nodeStream(gate));
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      const failed = (reason: unknown) => {
        this.over();
        reject(reason);
      };
      gate.release(new Collector((bytes) => resolve(this.#done(bytes)), failed));
    });
  }

  /** Two bodies out of this one, which then is the first. */
  tee(): ResponseBody {
    const [first, second] = this.stream.tee();
    this.#stream = first;
    return new ResponseBody(second, []);
  }

  /** The body was not read, and will not be. */
  drain(): void {
    if (this.#stream === undefined) this.#gate?.drain();
    else this.#stream.cancel().catch(() => {});
    this.over();
  }

  /** The response was collected. A reader that still has its stream, or waits for its bytes, gets them. */
  abandoned(): void {
    if (this.#stream === undefined && !this.#isRead)
      this.#gate?.abort(new Error('nobody has this response any more'));
    else if (this.#stream?.locked === false && !this.used) this.#stream.cancel().catch(() => {});
  }

  aborted(reason: unknown): void {
    const gate = this.#gate;
    if (gate === undefined) return;
    // To a body, `fetch` takes null or 0 for no reason at all.
    const error = reason || new DOMException('The operation was aborted.', 'AbortError');
    this.#aborted = { reason: error };
    this.#fail?.(error);
    gate.end(new CallerAbort(error));
  }

  #readHeld(bytes: Buffer): Buffer | Promise<Buffer> {
    const plain = this.#codings.length === 0 ? bytes : decodeShort(bytes, this.#codings);
    return plain === undefined ? this.#collect(Readable.from([bytes])) : this.#done(plain);
  }

  #done(bytes: Buffer): Buffer {
    this.over();
    return bytes;
  }

  #collect(coded: Readable): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      gather(decoded(coded, this.#codings)).then(
        (bytes) => resolve(this.#done(bytes)),
        (error: unknown) => {
          this.#gate?.abort(error as Error);
          this.over();
          reject(readerError(error));
        },
      );
    });
  }

  #open(): ReadableStream<Uint8Array> {
    const gate = this.#gate;
    if (this.#isRead || gate === undefined) return usedStream();
    const { readable, fail }: OpenStream =
      this.#codings.length > 0
        ? streamOf(decoded(nodeStream(gate), this.#codings), gate, this)
        : streamFrom(gate, this);
    this.#fail = fail;
    if (this.#aborted !== undefined) fail(this.#aborted.reason);
    return readable;
  }
}

const owners = new WeakMap<ReadableStream, ResponseBody>();

/** The same stream. Who still has it also has the body that hears of an abort. */
function lives(stream: ReadableStream<Uint8Array>, body: ResponseBody): ReadableStream<Uint8Array> {
  owners.set(stream, body);
  return stream;
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return joined(all);
}
