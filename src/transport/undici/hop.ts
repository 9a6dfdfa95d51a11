import { DRAIN_BYTES, DRAIN_TIME } from '../discard.ts';
import type { Fault } from '../exchange.ts';
import { assertIntact } from './body-integrity.ts';
import type { Abort } from './handlers.ts';

/** The exchange that a hop belongs to, and tells what happens. */
export interface HopOwner {
  /** Bytes of response body that belong to the attempt. */
  readonly buffer: number;
  /** Whether the handler hears of nothing but the response that is released. */
  readonly gated: boolean;
  /** About to be written. Throws if the attempt is over: then undici drops the request and keeps the connection. */
  hopStarted(): void;
  hopAnswered(status: number): void;
  hopChunk(): void;
  hopEnded(): void;
  /** The response may go out: at its headers or, with `buffer`, once its body is whole. Until `release` it is held. */
  hopReady(hop: Hop): void;
  hopFailed(fault: Fault | undefined, error: Error): void;
  /** The response was handed over, and this ended its body. */
  bodyFailed(error: Error): void;
}

/** A response that waits for its release is read this far, in bytes. */
const READ_AHEAD = 64 * 1024;

/**
 * One request on the wire: an attempt has one, or one for each redirect that it follows. It sits between undici's
 * dispatcher and the handler of whoever wants the response, tells its exchange what happens, and holds the response
 * back until it is released. Its two subclasses speak undici's two handler languages.
 */
export abstract class Hop {
  protected readonly owner: HopOwner;
  readonly #method: string;
  #abort: Abort | undefined;
  #status = 0;
  #state: 'before' | 'ready' | 'released' | 'drained' | 'dropped' = 'before';
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isStopped = false;
  #isComplete = false;
  /** What ended the body of a response that was not released yet. */
  #failure: Error | undefined;
  #cutOff: NodeJS.Timeout | undefined;

  constructor(owner: HopOwner, method: string) {
    this.owner = owner;
    this.#method = method;
  }

  /** Whether the handler asked for a pause. */
  protected abstract readonly handlerPaused: boolean;
  /** Whether the handler itself ended the request. */
  protected abstract readonly abandoned: boolean;
  protected abstract passHead(): void;
  protected abstract passData(chunk: Buffer): void;
  protected abstract passEnd(): void;
  protected abstract passError(error: Error): void;
  /** Stops the body from coming. */
  protected abstract stop(): void;
  /** Lets it come again. */
  protected abstract proceed(): void;
  /** The headers of the response. */
  abstract headers(): Headers;
  /** A header of the response, or the empty string. */
  protected abstract header(name: string): string;

  /** Whether the body is not being read: the handler asked for a pause, or it waits to be released. */
  get paused(): boolean {
    return this.#isStopped || this.handlerPaused;
  }

  /** Whether all of the response has come. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Ends it with an error, unless it is over or has not started. */
  abort(reason: Error): void {
    this.#abort?.(reason);
  }

  /** Hands over what was held back, and from now on whatever comes. */
  release(): void {
    this.passHead();
    // What comes while the handler looks at the first ones queues up behind them.
    for (const chunk of this.#held) this.passData(chunk);
    this.#held = [];
    this.#state = 'released';
    if (this.#isComplete) this.passEnd();
    else if (this.#failure !== undefined) this.#breakOff(this.#failure);
    else if (this.#isStopped) this.#proceed();
  }

  /**
   * Ends it behind the handler's back, because nobody will read the response. `fetch` follows a redirect, or refused
   * to: undici 7 would leave the old response unread, and its connection taken, for good.
   */
  drop(): void {
    this.#state = 'dropped';
    this.#held = [];
    this.abort(new Error('nobody reads this response any more'));
  }

  /** The handler threw while it was handed the response: that ends it, and it is told so. */
  fail(error: Error): void {
    this.#state = 'dropped';
    this.#held = [];
    this.owner.hopFailed(undefined, error);
    this.abort(error);
    this.#breakOff(error);
  }

  /** Nobody will read the response; but a short one may come to its end, so that its connection can be used again. */
  drain(): void {
    if (this.#isComplete || this.#failure !== undefined) return;
    this.#state = 'drained';
    this.#held = [];
    this.#cutOff = setTimeout(() => this.drop(), DRAIN_TIME).unref();
    if (this.#isStopped) this.#proceed();
  }

  protected started(abort: Abort): void {
    this.owner.hopStarted();
    this.#abort = abort;
  }

  /** The final headers. */
  protected head(status: number): void {
    this.#status = status;
    this.owner.hopAnswered(status);
    if (this.owner.buffer === 0) this.#ready();
  }

  protected data(chunk: Buffer): void {
    if (this.#state === 'released') this.passData(chunk);
    else this.#hold(chunk);
    this.owner.hopChunk();
  }

  protected end(): void {
    if (this.#state !== 'before') {
      this.#finish();
      return;
    }
    const bodiless = this.#method === 'HEAD' || this.#status === 204 || this.#status === 304;
    const [length, encoding] = [this.header('content-length'), this.header('content-encoding')];
    assertIntact({ bodiless, length, encoding }, this.#held)
      .then(() => {
        this.#finish();
        this.#ready();
      })
      .catch((error: Error) => this.error(error));
  }

  protected error(error: Error): void {
    clearTimeout(this.#cutOff);
    if (this.#state === 'dropped') return;
    // Before there is a response, `fetch` ends a request for one reason only, besides the caller's signal.
    const ownFault = this.#state === 'released' ? undefined : 'body';
    this.owner.hopFailed(this.abandoned ? ownFault : 'network', error);
    if (this.#state === 'ready') this.#failure = error;
    else if (this.#state === 'released') this.#breakOff(error);
    else if (this.#state === 'before' && !this.owner.gated) this.passError(error);
  }

  #proceed(): void {
    this.#isStopped = false;
    if (!this.handlerPaused) this.proceed();
  }

  #ready(): void {
    if (this.#state !== 'before') return;
    this.#state = 'ready';
    this.owner.hopReady(this);
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
      if (this.#heldBytes > this.owner.buffer) this.#ready();
    } else if (this.#heldBytes > READ_AHEAD) {
      this.#isStopped = true;
      this.stop();
    }
  }

  #finish(): void {
    clearTimeout(this.#cutOff);
    this.#isComplete = true;
    this.#abort = undefined;
    this.owner.hopEnded();
    if (this.#state === 'released') this.passEnd();
  }

  #breakOff(error: Error): void {
    this.owner.bodyFailed(error);
    this.passError(error);
  }
}
