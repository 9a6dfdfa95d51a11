import { type Dispatcher, getGlobalDispatcher, fetch as undiciFetch } from 'undici';
import type { DispatcherLike } from '../policy/options.ts';
import { AttemptClock } from './clock.ts';
import type { Exchange, Fault, Order, Transport } from './exchange.ts';
import type { Hop } from './hop.ts';
import { type Handler, hopFor } from './hops.ts';
import { type Upload, uploadOf } from './upload.ts';

/** Sends with undici's own `fetch`, on the given dispatcher or on undici's global one. */
export function undiciTransport(dispatcher: DispatcherLike | undefined): Transport {
  return (order) => new UndiciExchange(order, (dispatcher ?? getGlobalDispatcher()) as Dispatcher);
}

/**
 * One attempt through undici. It is the dispatcher that `fetch` is given, so it sees each request start, its
 * response, its body and its end. That makes timeouts cheap (no AbortSignal) and delivery a fact.
 */
export class UndiciExchange implements Exchange {
  readonly order: Order;
  sent = false;
  status: number | undefined;
  fault: Fault | undefined;
  readonly #base: Dispatcher;
  readonly #clock: AttemptClock | undefined;
  readonly #upload: Upload | undefined;
  #hop: Hop | undefined;
  #expiry: Error | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(order: Order, base: Dispatcher) {
    this.order = order;
    this.#base = base;
    this.#upload = uploadOf(order.init.body);
    this.#clock =
      order.limits &&
      new AttemptClock(
        order.limits,
        order.runtime,
        (error) => this.#expire(error),
        () => this.#hop?.paused ?? false,
      );
  }

  send(): Promise<Response> {
    const init = {
      ...this.order.init,
      ...(this.#upload && { body: this.#upload.standIn }),
      dispatcher: this,
    } as unknown as Parameters<typeof undiciFetch>[1];
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      undiciFetch(this.order.url, init).then(
        (response) => {
          this.#settled();
          resolve(response as unknown as Response);
        },
        (error: unknown) => {
          this.#settled();
          this.#clock?.stop();
          this.#hop?.drop();
          reject(error);
        },
      );
    });
  }

  /** `fetch` asks its dispatcher whether it is a MockAgent. */
  get isMockActive(): unknown {
    return (this.#base as Dispatcher & { isMockActive?: unknown }).isMockActive;
  }

  /** The dispatcher's part: called by `fetch` for the request, and again for each redirect. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    this.#throwIfOver();
    this.#hop?.drop();
    this.status = undefined;
    this.#clock?.waiting();
    if (this.#clock) {
      // Our clocks rule: undici's own (300 s) would cut a call to which the user gave more, or all the time.
      options.headersTimeout = 0;
      options.bodyTimeout = 0;
    }
    if (options.body && this.#upload) options.body = this.#upload.read() as never;
    this.#hop = hopFor(handler, this, options.method);
    return this.#base.dispatch(options, this.#hop as unknown as Dispatcher.DispatchHandler);
  }

  hopStarted(): void {
    this.#throwIfOver();
    this.sent = true;
  }

  hopAnswered(status: number): void {
    this.status = status;
    this.#clock?.answered();
  }

  hopChunk(): void {
    this.#clock?.chunk();
  }

  hopEnded(): void {
    this.#clock?.stop();
  }

  hopFailed(fault: Fault | undefined): void {
    this.#clock?.stop();
    this.fault = this.#upload?.failed ? 'body' : fault;
  }

  #throwIfOver(): void {
    if (this.#expiry) throw this.#expiry;
    if (this.order.init.signal?.aborted) throw new Error('the caller has aborted the call');
  }

  #settled(): void {
    // It leads to the promise, and that one to the response.
    this.#reject = undefined;
  }

  #expire(error: Error): void {
    this.#expiry = error;
    // Not begun yet: nothing can be aborted, but hopStarted will refuse to begin.
    this.#hop?.abort(error);
    this.#reject?.(error);
  }
}
