import type { UndiciExchange } from './undici.ts';
import { isWhole } from './whole.ts';

/** What a hop can do to the connection that carries it. */
export type Abort = (reason: Error) => void;

/**
 * One request on the wire: an attempt has one, or one for each redirect that it follows. It sits between undici's
 * dispatcher and `fetch`'s own handler, tells the exchange what happens, and may hold the response back until the
 * body is whole. Its two subclasses speak undici's two handler languages.
 */
export abstract class Hop {
  readonly #exchange: UndiciExchange;
  #held: Buffer[] | undefined;
  #heldBytes = 0;

  constructor(exchange: UndiciExchange) {
    this.#exchange = exchange;
  }

  /** Whether the reader of the body asked for a pause. */
  abstract readonly paused: boolean;
  protected abstract passHead(): boolean;
  protected abstract passData(chunk: Buffer): boolean;
  protected abstract passEnd(): void;
  protected abstract passError(error: Error): void;
  /** The response's content-encoding. */
  protected abstract encoding(): string;

  /** About to be written. Throws if the attempt is over: then undici drops the request and keeps the connection. */
  protected started(abort: Abort): void {
    this.#exchange.hopStarted(this, abort);
  }

  /** The final headers. */
  protected head(status: number): boolean {
    this.#exchange.hopAnswered(this, status);
    if (this.#exchange.order.buffer === 0) return this.passHead();
    this.#held = [];
    return true;
  }

  protected data(chunk: Buffer): boolean {
    if (this.#held === undefined) {
      const reading = this.passData(chunk);
      this.#exchange.hopChunk(this);
      return reading;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.byteLength;
    const reading = this.#heldBytes <= this.#exchange.order.buffer || this.#release();
    this.#exchange.hopChunk(this);
    return reading;
  }

  protected end(): void {
    if (this.#held === undefined) {
      this.#finish();
      return;
    }
    isWhole(this.encoding(), this.#held)
      .then(() => {
        this.#exchange.throwIfOver();
        this.#release();
        this.#finish();
      })
      .catch((error: Error) => this.error(error));
  }

  protected error(error: Error): void {
    this.#held = undefined;
    this.#exchange.hopFailed(this, error);
    this.passError(error);
  }

  #finish(): void {
    this.#exchange.hopEnded(this);
    this.passEnd();
  }

  /** Hands over what was held back. */
  #release(): boolean {
    const chunks = this.#held ?? [];
    this.#held = undefined;
    let reading = this.passHead();
    for (const chunk of chunks) reading = this.passData(chunk);
    return reading;
  }
}
