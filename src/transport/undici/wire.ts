import { AttemptClock, type Timed } from '../clock.ts';
import type { AbortSource, AttemptRequest, Exchange, Fault, ResponseHead } from '../exchange.ts';
import type { Hop, HopOwner } from './hop.ts';
import { watched } from './upload.ts';

/**
 * One attempt through an undici dispatcher. It sees each request start, its response, its body and its end. That makes
 * timeouts cheap (no AbortSignal) and delivery a fact.
 */
export abstract class WireExchange<A extends ResponseHead> implements Exchange<A>, HopOwner, Timed {
  abstract readonly gated: boolean;
  /** Whether no other request can follow in this attempt, as one does to a redirect. */
  protected abstract readonly isFinal: boolean;
  buffer = 0;
  sent = false;
  sentAt: number | undefined;
  status: number | undefined;
  fault: Fault | undefined;
  protected hop: Hop | undefined;
  #bodyBroke = false;
  #caller: AbortSource | undefined;
  #clock: AttemptClock | undefined;
  #record: AttemptRequest['record'] | undefined;
  #over: Error | undefined;
  #runtime: AttemptRequest['runtime'] | undefined;

  abstract send(order: AttemptRequest): Promise<A>;
  abstract discard(answer: A): void;
  abstract hopReady(hop: Hop): void;
  /** Rejects `send`, if it is not settled yet. */
  protected abstract reject(error: Error): void;

  get paused(): boolean {
    return this.hop?.paused ?? false;
  }

  expired(error: Error): void {
    this.end(error);
  }

  hopStarted(): void {
    this.#throwIfOver();
    this.sent = true;
    this.sentAt ??= this.#runtime?.now();
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
    this.letGo();
  }

  hopFailed(fault: Fault | undefined, _error: Error): void {
    this.stopClock();
    this.fault = this.#bodyBroke ? 'body' : fault;
  }

  bodyFailed(error: Error): void {
    this.#record?.remember(error);
  }

  /** Ends the attempt, wherever it is. */
  end(reason: Error): void {
    this.#over = reason;
    // Not begun yet: nothing can be aborted, but hopStarted will refuse to begin.
    this.hop?.abort(reason);
    this.reject(reason);
  }

  /** The attempt begins: its clock runs. */
  protected start({ caller, limits, runtime, now, buffer, record }: AttemptRequest): void {
    this.buffer = buffer;
    this.#runtime = runtime;
    this.#caller = caller;
    this.#record = record;
    this.#clock = limits && new AttemptClock(limits, runtime, this, now);
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

  /** The response goes to the caller. */
  protected released(): void {
    this.#clock?.released();
  }

  /** The same body. If it is read chunk by chunk and breaks off, that is no fault of the network's. */
  protected watched(body: unknown): unknown {
    if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return body;
    return watched(body as AsyncIterable<unknown>, () => {
      this.#bodyBroke = true;
    });
  }

  protected stopClock(): void {
    this.#clock?.stop();
  }

  /** Once all is over. Who holds a response holds this too, by way of `fetch`, and should hold nothing else by it. */
  protected letGo(): void {
    if (!this.hop?.isComplete || !this.isFinal) return;
    this.hop = undefined;
    this.#clock = undefined;
    this.#caller = undefined;
  }

  #throwIfOver(): void {
    if (this.#over) throw this.#over;
    if (this.#caller?.aborted) throw new Error('the caller has aborted the call');
  }
}
