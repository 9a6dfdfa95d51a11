import { type Dispatcher, getGlobalDispatcher, fetch as undiciFetch } from 'undici';
import type { DispatcherLike } from '../policy/options.ts';
import { AttemptClock } from './clock.ts';
import type { Exchange, Order, Transport } from './exchange.ts';
import type { Abort, Hop } from './hop.ts';
import { type Handler, hopFor } from './hops.ts';

/** Sends with undici's own `fetch`, on the given dispatcher or on undici's global one. */
export function undiciTransport(dispatcher: DispatcherLike | undefined): Transport {
  return (order) => new UndiciExchange(order, (dispatcher ?? getGlobalDispatcher()) as Dispatcher);
}

/**
 * One attempt through undici. It is the dispatcher that `fetch` is given, so it sees each request start, its
 * response, its body and its end. That makes timeouts cheap (no AbortSignal) and delivery a fact.
 */
export class UndiciExchange implements Exchange {
  readonly response: Promise<Response>;
  readonly order: Order;
  sent = false;
  status: number | undefined;
  failure: unknown;
  readonly #base: Dispatcher;
  readonly #clock: AttemptClock | undefined;
  #hop: Hop | undefined;
  #abort: Abort | undefined;
  #expiry: Error | undefined;
  #reject: (error: unknown) => void = () => {};
  #handedOver = false;

  constructor(order: Order, base: Dispatcher) {
    this.order = order;
    this.#base = base;
    this.#clock =
      order.limits &&
      new AttemptClock(
        order.limits,
        order.runtime,
        (error) => this.#expire(error),
        () => this.#hop?.paused ?? false,
      );
    this.response = new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#send().then((response) => {
        this.#handedOver = true;
        resolve(response);
      }, reject);
    });
  }

  /** `fetch` asks its dispatcher whether it is a MockAgent. */
  get isMockActive(): unknown {
    return (this.#base as Dispatcher & { isMockActive?: unknown }).isMockActive;
  }

  /** The dispatcher's part: called by `fetch` for the request, and again for each redirect. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    this.status = undefined;
    this.#clock?.waiting();
    if (this.#clock) {
      // Our clocks rule: undici's own (300 s) would cut a call to which the user gave more, or all the time.
      options.headersTimeout = 0;
      options.bodyTimeout = 0;
    }
    this.#hop = hopFor(handler, this);
    return this.#base.dispatch(options, this.#hop as Dispatcher.DispatchHandler);
  }

  hopStarted(hop: Hop, abort: Abort): void {
    this.throwIfOver();
    this.#hop = hop;
    this.#abort = abort;
    this.sent = true;
  }

  hopAnswered(hop: Hop, status: number): void {
    if (hop !== this.#hop) return;
    this.status = status;
    this.#clock?.answered();
  }

  hopChunk(hop: Hop): void {
    if (hop === this.#hop) this.#clock?.chunk();
  }

  hopEnded(hop: Hop): void {
    if (hop === this.#hop) this.#clock?.stop();
  }

  hopFailed(hop: Hop, error: Error): void {
    if (hop !== this.#hop) return;
    this.#clock?.stop();
    this.failure = error;
    if (this.#handedOver) this.order.bodyFailed(error);
  }

  throwIfOver(): void {
    if (this.#expiry) throw this.#expiry;
    this.order.init.signal?.throwIfAborted();
  }

  async #send(): Promise<Response> {
    try {
      const init = { ...this.order.init, dispatcher: this } as unknown as Parameters<typeof undiciFetch>[1];
      return (await undiciFetch(this.order.url, init)) as unknown as Response;
    } catch (error) {
      this.#clock?.stop();
      throw error;
    }
  }

  #expire(error: Error): void {
    this.#expiry = error;
    // Not begun yet: nothing can be aborted, but hopStarted will refuse to begin.
    this.#abort?.(error);
    this.#reject(error);
  }
}
