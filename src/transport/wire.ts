import { AttemptClock } from './clock.ts';
import type { Answer, Exchange, Fault, Order } from './exchange.ts';
import type { Hop, HopOwner } from './hop.ts';

/**
 * One attempt through an undici dispatcher. It sees each request start, its response, its body and its end. That makes
 * timeouts cheap (no AbortSignal) and delivery a fact.
 */
export abstract class WireExchange<A extends Answer> implements Exchange<A>, HopOwner {
  readonly order: Order;
  abstract readonly gated: boolean;
  sent = false;
  status: number | undefined;
  fault: Fault | undefined;
  protected hop: Hop | undefined;
  protected bodyBroke = false;
  readonly #clock: AttemptClock | undefined;
  #over: Error | undefined;

  constructor(order: Order) {
    this.order = order;
    this.#clock =
      order.limits &&
      new AttemptClock(
        order.limits,
        order.runtime,
        (error) => this.end(error),
        () => this.hop?.paused ?? false,
      );
  }

  abstract send(): Promise<A>;
  abstract discard(answer: A): void;
  abstract hopReady(hop: Hop): void;
  /** Rejects `send`, if it is not settled yet. */
  protected abstract reject(error: Error): void;

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
    this.stopClock();
  }

  hopFailed(fault: Fault | undefined, _error: Error): void {
    this.stopClock();
    this.fault = this.bodyBroke ? 'body' : fault;
  }

  /** Ends the attempt, wherever it is. */
  end(reason: Error): void {
    this.#over = reason;
    // Not begun yet: nothing can be aborted, but hopStarted will refuse to begin.
    this.hop?.abort(reason);
    this.reject(reason);
  }

  /** A request is about to be dispatched: the attempt's first, or one after a redirect. */
  protected begin(hop: Hop): void {
    this.#throwIfOver();
    this.hop?.drop();
    this.hop = hop;
    this.status = undefined;
    this.#clock?.waiting();
  }

  /** Whether our clocks rule: undici's own (300 s) would cut a call to which the user gave more, or all the time. */
  protected get isTimed(): boolean {
    return this.#clock !== undefined;
  }

  protected stopClock(): void {
    this.#clock?.stop();
  }

  #throwIfOver(): void {
    if (this.#over) throw this.#over;
    if (this.order.caller?.aborted) throw new Error('the caller has aborted the call');
  }
}
