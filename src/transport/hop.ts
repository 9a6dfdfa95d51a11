import type { UndiciExchange } from './undici.ts';
import { assertWhole } from './whole.ts';

/** Ends a request that is on the wire, or its response. */
export type Abort = (reason: Error) => void;

/**
 * One request on the wire: an attempt has one, or one for each redirect that it follows. It sits between undici's
 * dispatcher and `fetch`'s own handler, tells the exchange what happens, and may hold the response back until the
 * body is whole. Its two subclasses speak undici's two handler languages.
 */
export abstract class Hop {
  readonly #exchange: UndiciExchange;
  readonly #method: string;
  #abort: Abort | undefined;
  #status = 0;
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #handedOver = false;
  #dropped = false;

  constructor(exchange: UndiciExchange, method: string) {
    this.#exchange = exchange;
    this.#method = method;
  }

  /** Whether the reader of the body asked for a pause. */
  abstract readonly paused: boolean;
  /** Whether `fetch` itself ended the request. */
  protected abstract readonly abandoned: boolean;
  protected abstract passHead(): void;
  protected abstract passData(chunk: Buffer): void;
  protected abstract passEnd(): void;
  protected abstract passError(error: Error): void;
  /** A header of the response, or the empty string. */
  protected abstract header(name: string): string;

  /** Ends it with an error, unless it is over or has not started. */
  abort(reason: Error): void {
    this.#abort?.(reason);
  }

  /**
   * Ends it behind `fetch`'s back: it follows a redirect, or refused to. undici 7 would leave the old response unread,
   * and its connection taken, for good.
   */
  drop(): void {
    this.#dropped = true;
    this.abort(new Error('nobody reads this response any more'));
  }

  /** About to be written. Throws if the attempt is over: then undici drops the request and keeps the connection. */
  protected started(abort: Abort): void {
    this.#exchange.hopStarted();
    this.#abort = abort;
  }

  /** The final headers. */
  protected head(status: number): void {
    this.#status = status;
    this.#exchange.hopAnswered(status);
    if (this.#exchange.order.buffer === 0) this.#handOver();
    else this.#held = [];
  }

  protected data(chunk: Buffer): void {
    if (this.#held === undefined) this.passData(chunk);
    else this.#hold(this.#held, chunk);
    this.#exchange.hopChunk();
  }

  protected end(): void {
    const held = this.#held;
    if (held === undefined) {
      this.#finish();
      return;
    }
    const bodiless = this.#method === 'HEAD' || this.#status === 204 || this.#status === 304;
    const [length, encoding] = [this.header('content-length'), this.header('content-encoding')];
    assertWhole({ bodiless, length, encoding }, held)
      .then(() => {
        this.#release(held);
        this.#finish();
      })
      .catch((error: Error) => this.error(error));
  }

  protected error(error: Error): void {
    if (this.#dropped) return;
    this.#held = undefined;
    if (this.#handedOver) this.#exchange.order.bodyFailed(error);
    // Before there is a response, `fetch` ends a request for one reason only, besides the caller's signal.
    const ownFault = this.#handedOver ? undefined : 'body';
    this.#exchange.hopFailed(this.abandoned ? ownFault : 'network');
    this.passError(error);
  }

  #hold(held: Buffer[], chunk: Buffer): void {
    held.push(chunk);
    this.#heldBytes += chunk.byteLength;
    if (this.#heldBytes > this.#exchange.order.buffer) this.#release(held);
  }

  /** Hands over what was held back. */
  #release(held: readonly Buffer[]): void {
    this.#held = undefined;
    this.#handOver();
    for (const chunk of held) this.passData(chunk);
  }

  #handOver(): void {
    this.#handedOver = true;
    this.passHead();
  }

  #finish(): void {
    this.#exchange.hopEnded();
    this.passEnd();
  }
}
