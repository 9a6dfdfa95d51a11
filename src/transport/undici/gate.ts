import { isEventStream } from '../../http/event-stream.ts';
import { rootCodeOf } from '../../model/cause.ts';
import { DRAIN_BYTES, DRAIN_TIME } from '../discard.ts';
import type { Fault } from '../exchange.ts';
import { assertIntact } from './body-integrity.ts';
import type { Controller, Listener, RawHeaders } from './handlers.ts';
import { RequestAbortedError } from './package.ts';
import { headerOf } from './raw-headers.ts';

/** Is told what happens to a request: the exchange that made it. */
export interface GateListener {
  /** About to be written. Throws if the attempt is over: then undici drops the request and keeps the connection. */
  started(gate: Gate, context: unknown): void;
  /** An interim response (1xx). */
  interim(status: number, headers: RawHeaders, text: string | undefined): void;
  /** A piece of the request's body was written; and all of it. */
  bodySent(chunk: Uint8Array): void;
  requestSent(): void;
  /** The first bytes of a response have come. */
  responseStarted(): void;
  answered(status: number): void;
  /** @param bytes how many came */
  chunk(bytes: number): void;
  ended(): void;
  /** The response may go out: at its headers or, if some of its body belongs to the attempt, once that has come. */
  ready(gate: Gate): void;
  /** The request, or its response, ended with an error. */
  failed(fault: Fault | undefined): void;
  /** And so there will be no response. */
  lost(error: Error): void;
  /** The response was handed over, and this ended its body. */
  broke(error: Error): void;
}

/** A response that waits for its release is read this far, in bytes. */
const READ_AHEAD = 64 * 1024;

const NONE: Buffer[] = [];

/** How the owner of a dispatcher ends a body: by its own `maxResponseSize`, or by its end. The service has no part in it. */
const OWN_DOING: ReadonlySet<string | undefined> = new Set([
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);

/**
 * One request on the wire, and its response: held until it is released to its receiver. An attempt has one, or
 * one for each redirect that it follows.
 *
 * It listens to the dispatcher, and is the controller with which the one who gets the response steers it.
 */
export class Gate implements Required<Listener>, Controller {
  readonly #listener: GateListener;
  readonly #method: string;
  /** Bytes of response body that belong to the attempt. */
  readonly #buffer: number;
  /** Whether a response of a broken server closes its connection, unless the call keeps that response. */
  readonly #closes: boolean;
  #state: 'before' | 'ready' | 'released' | 'drained' | 'dropped' = 'before';
  #controller: Controller | undefined;
  #sink: Listener | undefined;
  #status = 0;
  #headers: RawHeaders = {};
  #text: string | undefined;
  #rawHeaders: unknown = null;
  #rawTrailers: unknown = null;
  #trailers: RawHeaders = {};
  #held: Buffer[] = NONE;
  #heldBytes = 0;
  /** The body does not come: because enough of it is held, or it may be cut off; because the one who gets it has asked for a pause. */
  #isFull = false;
  #isPaused = false;
  /** What was held is being handed over. */
  #isDelivering = false;
  #delivered = 0;
  #isComplete = false;
  #isBroken = false;
  /** Ended by the one who gets the response, or by the caller. */
  #isAbandoned = false;
  /** What ended the body of a response that was not released yet. */
  #failure: Error | undefined;
  #cutOff: NodeJS.Timeout | undefined;

  constructor(listener: GateListener, method: string, buffer: number, closes: boolean) {
    this.#listener = listener;
    this.#method = method;
    this.#buffer = buffer;
    this.#closes = closes;
  }

  get method(): string {
    return this.#method;
  }

  get status(): number {
    return this.#status;
  }

  get statusText(): string {
    return this.#text ?? '';
  }

  get headers(): RawHeaders {
    return this.#headers;
  }

  /** Whether all of the response has come. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Whether nothing more will come. */
  get isOver(): boolean {
    return this.#isComplete || this.#isBroken;
  }

  // What the one who gets the response steers with.

  get paused(): boolean {
    return this.#isFull || this.#isPaused;
  }

  get aborted(): boolean {
    return this.#controller?.aborted ?? false;
  }

  get reason(): Error | null {
    return this.#controller?.reason ?? null;
  }

  get rawHeaders(): unknown {
    return this.#rawHeaders;
  }

  get rawTrailers(): unknown {
    return this.#rawTrailers;
  }

  pause(): void {
    this.#isPaused = true;
    this.#controller?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#sink !== undefined && this.#state === 'ready') this.#deliver();
    else if (!this.#isFull) this.#controller?.resume();
  }

  abort(reason: Error): void {
    this.#isAbandoned = true;
    if (!this.#isComplete) this.cut(reason);
    else if (this.#sink !== undefined && this.#state === 'ready')
      this.#cutShort(reason ?? new RequestAbortedError());
  }

  // What the attempt does.

  /** Hands over what was held back, and from now on whatever comes. */
  release(sink: Listener): void {
    this.#sink = sink;
    this.#isDelivering = true;
    sink.onResponseStart?.(this, this.#status, this.#headers, this.#text);
    this.#isDelivering = false;
    this.#deliver();
  }

  /** What was held goes out, as far as it is wanted: until a pause, or an end. */
  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    // By index: what comes while the first ones are looked at queues up behind them.
    while (this.#isWanted && this.#delivered < this.#held.length) {
      const chunk = this.#held[this.#delivered] as Buffer;
      // Not among the arguments: for a receiver without `onResponseData` these are not evaluated.
      this.#delivered += 1;
      this.#sink?.onResponseData?.(this, chunk);
    }
    this.#isDelivering = false;
    if (!this.#isWanted) return;
    this.#held = NONE;
    this.#state = 'released';
    if (this.#failure !== undefined) this.#breakOff(this.#failure);
    else if (this.#isComplete) this.#sink?.onResponseEnd?.(this, this.#trailers);
    else if (this.#isFull) this.#proceed();
    else this.#controller?.resume();
  }

  get #isWanted(): boolean {
    return this.#state === 'ready' && !this.#isPaused;
  }

  /** The one who gets the response hears of this instead of what is left. */
  #cutShort(error: Error): void {
    this.#state = 'dropped';
    this.#held = NONE;
    this.#breakOff(error);
  }

  /** The body as it was held, if all of it has come: nothing else will be handed over. */
  take(): Buffer[] | undefined {
    if (!this.#isComplete || this.#state !== 'ready') return undefined;
    const held = this.#held;
    this.#held = NONE;
    this.#state = 'released';
    return held;
  }

  /** Ends the request, or its response, with an error; unless it is over or has not started. */
  cut(reason: Error): void {
    this.#controller?.abort(reason);
  }

  /** Ends it with an error, of which the one who gets the response hears before the network does. */
  end(error: Error): void {
    const controller = this.#controller;
    this.#isAbandoned = true;
    this.onResponseError(null, error);
    this.#state = 'dropped';
    this.#held = NONE;
    controller?.abort(error);
  }

  /**
   * Ends the response without a word to its receiver, because it will not be read. `fetch` follows a
   * redirect, or refused to: undici 7 would leave the old response unread, and its connection taken, for good.
   */
  drop(): void {
    this.#state = 'dropped';
    this.#held = NONE;
    this.cut(new Error('nobody reads this response any more'));
  }

  /** The one who gets the response threw when it was handed over: that ends it, and they are told so. */
  fail(error: Error): void {
    this.#state = 'dropped';
    this.#held = NONE;
    this.#listener.failed(undefined);
    this.cut(error);
    this.#breakOff(error);
  }

  /** The response is the caller's, so its body may come. */
  keep(): void {
    if (this.#closesNow && this.#isFull) this.#proceed();
  }

  /** The response will not be read. A short one may come to its end, so that its connection can be used again. */
  drain(): void {
    if (this.#isComplete || this.#failure !== undefined) return;
    if (this.#closesNow) {
      this.drop();
      return;
    }
    this.#state = 'drained';
    this.#held = NONE;
    this.#cutOff = setTimeout(() => this.drop(), DRAIN_TIME).unref();
    if (this.#isFull) this.#proceed();
  }

  // What the dispatcher says.

  onRequestStart(controller: Controller, context: unknown): void {
    this.#listener.started(this, context);
    this.#controller = controller;
  }

  onBodySent(chunk: Uint8Array): void {
    this.#listener.bodySent(chunk);
  }

  onRequestSent(): void {
    this.#listener.requestSent();
  }

  onResponseStarted(): void {
    this.#listener.responseStarted();
  }

  onResponseStart(controller: Controller, status: number, headers: RawHeaders, text?: string): void {
    if (status < 200) {
      this.#listener.interim(status, headers, text);
      return;
    }
    this.#status = status;
    this.#headers = headers;
    this.#rawHeaders = controller.rawHeaders ?? null;
    this.#text = text;
    this.#listener.answered(status);
    if (this.#closesNow) {
      // A connection can only be closed while its response has not come to its end.
      this.#isFull = true;
      controller.pause();
      this.#ready();
    } else if (this.#buffer === 0 || this.#isBodiless || this.#isOfEvents) this.#ready();
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (this.#state === 'released') this.#sink?.onResponseData?.(this, chunk);
    else this.#hold(chunk);
    this.#listener.chunk(chunk.byteLength);
  }

  onResponseEnd(controller: Controller, trailers: RawHeaders): void {
    this.#rawTrailers = controller.rawTrailers ?? null;
    this.#trailers = trailers;
    if (this.#state !== 'before') {
      this.#finish();
      return;
    }
    const length = headerOf(this.#headers, 'content-length') ?? '';
    // A part of what was encoded can't be decoded (RFC 9110, section 14.2).
    const encoding = this.#status === 206 ? '' : (headerOf(this.#headers, 'content-encoding') ?? '');
    assertIntact({ length, encoding }, this.#held)
      .then(() => {
        this.#finish();
        this.#ready();
      })
      .catch((error: Error) => this.onResponseError(null, error));
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    clearTimeout(this.#cutOff);
    this.#isBroken = true;
    if (this.#state === 'dropped') return;
    // Before there is a response, `fetch` ends a request for one reason only, besides the caller's signal.
    const theirs = this.#status === 0 ? 'body' : undefined;
    const isOurs = this.#isAbandoned || (this.#state !== 'before' && OWN_DOING.has(rootCodeOf(error)));
    this.#listener.failed(isOurs ? theirs : 'network');
    if (this.#state === 'before') this.#listener.lost(error);
    else if (this.#state === 'ready' && this.#sink !== undefined) this.#cutShort(error);
    else if (this.#state === 'ready') this.#failure = error;
    else if (this.#state === 'released') this.#breakOff(error);
  }

  /** Such an answer has no body, whatever its headers say (RFC 9110, section 6.4.1): they may tell of another answer's. */
  get #isBodiless(): boolean {
    return this.#method === 'HEAD' || this.#status === 204 || this.#status === 304;
  }

  get #isOfEvents(): boolean {
    return isEventStream(headerOf(this.#headers, 'content-type'));
  }

  get #closesNow(): boolean {
    return this.#closes && this.#status >= 500;
  }

  #ready(): void {
    if (this.#state !== 'before') return;
    this.#state = 'ready';
    this.#listener.ready(this);
  }

  #hold(chunk: Buffer): void {
    this.#heldBytes += chunk.byteLength;
    if (this.#state === 'drained') {
      if (this.#heldBytes > DRAIN_BYTES) this.drop();
      return;
    }
    // Mostly there is one: an array that grows would make room for many.
    if (this.#held.length === 0) this.#held = [chunk];
    else this.#held.push(chunk);
    if (this.#state === 'before') {
      if (this.#heldBytes > this.#buffer) this.#ready();
    } else if (this.#heldBytes > READ_AHEAD) {
      this.#isFull = true;
      this.#controller?.pause();
    }
  }

  #proceed(): void {
    this.#isFull = false;
    if (!this.#isPaused) this.#controller?.resume();
  }

  #finish(): void {
    clearTimeout(this.#cutOff);
    this.#isComplete = true;
    // It keeps the request, with its body.
    this.#controller = undefined;
    this.#listener.ended();
    if (this.#state === 'released') this.#sink?.onResponseEnd?.(this, this.#trailers);
  }

  #breakOff(error: Error): void {
    this.#listener.broke(error);
    this.#sink?.onResponseError?.(this, error);
  }
}
