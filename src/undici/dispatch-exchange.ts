import type { Dispatcher } from 'undici';
import type { AttemptRequest, Fault, ResponseHead } from '../transport/exchange.ts';
import { type Handler, isLegacy, type Wheel } from '../transport/undici/handlers.ts';
import type { Hop } from '../transport/undici/hop.ts';
import { ModernHop } from '../transport/undici/modern-hop.ts';
import { LegacyHop } from '../transport/undici/undici7/legacy-hop.ts';
import { WireExchange } from '../transport/undici/wire.ts';
import type { OwnOptions } from './own-options.ts';

/** A response that waits for its verdict. */
export class HeldResponse implements ResponseHead {
  readonly status: number;
  readonly hop: Hop;
  #headers: Headers | undefined;

  constructor(status: number, hop: Hop) {
    this.status = status;
    this.hop = hop;
  }

  /** Only read when a call fails. */
  get headers(): Headers {
    this.#headers ??= this.hop.headers();
    return this.#headers;
  }
}

/** What all attempts of a call have in common. */
export interface Dispatched {
  readonly dispatch: Dispatcher['dispatch'];
  readonly options: OwnOptions;
  /** Gets the response that is released. */
  readonly handler: Handler;
  readonly wheel: Wheel;
}

/** One attempt through the dispatchers behind an interceptor. */
export class DispatchExchange extends WireExchange<HeldResponse> {
  readonly gated = true;
  /** Whoever follows redirects makes a call of each. */
  protected readonly isFinal = true;
  #dispatched: Dispatched | undefined;
  #resolve: ((answer: HeldResponse) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  constructor(dispatched: Dispatched) {
    super();
    this.#dispatched = dispatched;
  }

  send(order: AttemptRequest): Promise<HeldResponse> {
    this.start(order);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#send(order);
    });
  }

  discard({ hop }: HeldResponse): void {
    this.stopClock();
    hop.drain();
  }

  hopReady(hop: Hop): void {
    this.released();
    this.#resolve?.(new HeldResponse(this.status ?? 0, hop));
    this.#forget();
  }

  override hopFailed(fault: Fault | undefined, error: Error): void {
    super.hopFailed(fault, error);
    this.reject(error);
  }

  protected override reject(error: unknown): void {
    this.#reject?.(error);
    this.#forget();
  }

  #send({ headers, body }: AttemptRequest): void {
    if (this.#dispatched === undefined) throw new Error('an exchange sends once');
    const { dispatch, options, handler, wheel } = this.#dispatched;
    this.#dispatched = undefined;
    const { method } = options;
    const hop = isLegacy(handler)
      ? new LegacyHop(handler, this, method)
      : new ModernHop(handler, this, method, wheel);
    const none = this.isTimed ? 0 : undefined;
    const sent = { ...options };
    sent.headers = headers;
    sent.body = this.watched(body);
    sent.headersTimeout ??= none;
    sent.bodyTimeout ??= none;
    try {
      this.begin(hop);
      dispatch(sent as Dispatcher.DispatchOptions, hop as unknown as Dispatcher.DispatchHandler);
    } catch (error) {
      this.stopClock();
      this.reject(error);
    }
  }

  /** The body that the caller gets leads here, and should lead to no more of the call. */
  #forget(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
  }
}
