import type { Controller, Listener, RawHeaders } from '../../transport/undici/handlers.ts';
import { networkErrors } from './network-errors.ts';

/** undici's default, in milliseconds. */
const HEADERS_TIMEOUT = 300_000;

/**
 * A request that is really sent, and whose response suffers on its way to the caller. It listens to the dispatcher, and is the
 * controller with which the caller steers the request.
 */
abstract class FaultyExchange implements Required<Listener>, Controller {
  paused = false;
  reason: Error | null = null;
  rawHeaders: unknown = null;
  rawTrailers: unknown = null;
  protected readonly caller: Listener;
  #sent: Controller | undefined;
  /** What the dispatcher still says is not for the caller. */
  #hasLeft = false;
  /** The caller has heard of the end. */
  protected isOver = false;

  constructor(caller: Listener) {
    this.caller = caller;
  }

  // What the caller steers with.

  get aborted(): boolean {
    return this.reason !== null;
  }

  pause(): void {
    this.paused = true;
    this.hold();
  }

  resume(): void {
    this.paused = false;
    this.flow();
  }

  abort(reason: Error | undefined): void {
    if (this.aborted) return;
    this.reason = reason ?? networkErrors.aborted();
    this.fail(this.reason);
  }

  // What the dispatcher says.

  onRequestStart(controller: Controller, context: unknown): void {
    this.#sent = controller;
    this.caller.onRequestStart?.(this, context);
  }

  onBodySent(chunk: Uint8Array): void {
    this.caller.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.caller.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.caller.onResponseStarted?.();
  }

  onResponseStart(controller: Controller, status: number, headers: RawHeaders, text?: string): void {
    if (this.#hasLeft) return;
    this.rawHeaders = controller.rawHeaders ?? null;
    // An interim response (1xx) is not the one that suffers.
    if (status < 200) this.caller.onResponseStart?.(this, status, headers, text);
    else this.answered(status, headers, text);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (!this.#hasLeft) this.received(chunk);
  }

  onResponseEnd(controller: Controller, trailers: RawHeaders): void {
    if (this.#hasLeft) return;
    this.rawTrailers = controller.rawTrailers ?? null;
    this.#sent = undefined;
    this.ended(trailers);
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#hasLeft) return;
    this.#sent = undefined;
    this.fail(error);
  }

  // What a fault changes.

  protected answered(status: number, headers: RawHeaders, text: string | undefined): void {
    this.caller.onResponseStart?.(this, status, headers, text);
  }

  protected received(chunk: Buffer): void {
    this.caller.onResponseData?.(this, chunk);
  }

  protected ended(trailers: RawHeaders): void {
    this.isOver = true;
    this.caller.onResponseEnd?.(this, trailers);
  }

  protected hold(): void {
    this.#sent?.pause();
  }

  protected flow(): void {
    this.#sent?.resume();
  }

  /** Ends the exchange on the wire: nothing more comes of it. */
  protected leave(error: Error): void {
    this.#hasLeft = true;
    const sent = this.#sent;
    this.#sent = undefined;
    sent?.abort(error);
  }

  /** Ends it for the caller, too. */
  protected fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.leave(error);
    this.caller.onResponseError?.(this, error);
  }
}

/** The response is lost. */
export class LateLoss extends FaultyExchange {
  protected override answered(): void {
    this.fail(networkErrors.reset());
  }
}

/** The response never comes. */
export class Stalled extends FaultyExchange {
  readonly #limit: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: Listener, headersTimeout: number | null | undefined) {
    super(caller);
    this.#limit = headersTimeout ?? HEADERS_TIMEOUT;
  }

  protected override answered(): void {
    // The dispatcher has the headers, so its own timeout is over.
    if (this.#limit > 0) this.#timer = setTimeout(() => this.fail(networkErrors.late()), this.#limit);
    this.leave(networkErrors.reset());
  }

  protected override fail(error: Error): void {
    clearTimeout(this.#timer);
    super.fail(error);
  }
}

/** The body comes piece by piece. */
export class Dripping extends FaultyExchange {
  readonly #bytes: number;
  readonly #gap: number;
  #pieces: Buffer[] = [];
  #trailers: RawHeaders | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: Listener, bytes: number, gap: number) {
    super(caller);
    this.#bytes = bytes;
    this.#gap = gap;
  }

  protected override received(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += this.#bytes) {
      this.#pieces.push(chunk.subarray(at, at + this.#bytes));
    }
    this.hold();
    this.flow();
  }

  protected override ended(trailers: RawHeaders): void {
    this.#trailers = trailers;
    this.flow();
  }

  /** Gives the next piece, once the gap is over and the caller wants it. */
  protected override flow(): void {
    if (this.#timer !== undefined || this.paused || this.isOver) return;
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.flow();
      }, this.#gap);
      this.caller.onResponseData?.(this, piece);
    } else if (this.#trailers !== undefined) super.ended(this.#trailers);
    else super.flow();
  }

  protected override fail(error: Error): void {
    clearTimeout(this.#timer);
    this.#pieces = [];
    super.fail(error);
  }
}

/** The body breaks off. */
export class Truncated extends FaultyExchange {
  #left: number;
  readonly #method: string;
  #hasBody = true;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: Listener, bytes: number, method: string) {
    super(caller);
    this.#left = bytes;
    this.#method = method;
  }

  protected override answered(status: number, headers: RawHeaders, text: string | undefined): void {
    this.#hasBody = this.#method !== 'HEAD' && ![204, 205, 304].includes(status);
    super.answered(status, headers, text);
  }

  protected override received(chunk: Buffer): void {
    const piece = chunk.subarray(0, this.#left);
    this.#left -= piece.length;
    if (piece.length > 0) super.received(piece);
    if (this.#left === 0) this.#breakOff();
  }

  protected override ended(trailers: RawHeaders): void {
    if (this.#hasBody) this.#breakOff();
    else super.ended(trailers);
  }

  /** Not at once: on a wire the break comes after the bytes, and `fetch` hangs if it comes with the headers. */
  #breakOff(): void {
    const error = networkErrors.closed();
    this.leave(error);
    this.#timer = setTimeout(() => this.fail(error));
  }

  protected override fail(error: Error): void {
    clearTimeout(this.#timer);
    super.fail(error);
  }
}
