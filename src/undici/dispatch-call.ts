import type { Dispatcher } from 'undici';
import { makeCall } from '../call/call.ts';
import type { ClientState } from '../call/client-state.ts';
import { type CallAdapter, type CallLifetime, type CallOptions, planCall } from '../call/plan.ts';
import type { CallRequest } from '../call/request.ts';
import type { Policies } from '../policy/policies.ts';
import { type Handler, isLegacy } from '../transport/undici/handlers.ts';
import type { Hop } from '../transport/undici/hop.ts';
import { DispatchExchange, type Dispatched, type HeldResponse } from './dispatch-exchange.ts';
import type { OwnOptions } from './own-options.ts';
import { CallWheel } from './wheel.ts';

/**
 * One logical call through an interceptor. Its handler hears of one request: that it starts, and of the response or the
 * error that the call ends with. What happens in between is between the rules and the dispatcher.
 */
export class DispatchCall implements CallAdapter<HeldResponse>, CallLifetime<HeldResponse>, Dispatched {
  readonly dispatch: Dispatcher['dispatch'];
  readonly options: OwnOptions;
  readonly handler: Handler;
  readonly wheel = new CallWheel(this);
  /** undici gives it to the caller along with the response, so that the report can be asked for. */
  readonly #context = {};
  #exchange: DispatchExchange | undefined;
  #stop: AbortController | undefined;

  constructor(dispatch: Dispatcher['dispatch'], options: OwnOptions, handler: Handler) {
    this.dispatch = dispatch;
    this.options = options;
    this.handler = handler;
  }

  get aborted(): boolean {
    return this.wheel.aborted;
  }

  get signal(): AbortSignal {
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      if (this.aborted) this.#stop.abort(this.wheel.reason);
    }
    return this.#stop.signal;
  }

  /** The handler is given it when the call is over: see `run`. */
  handOver(): void {}

  release(): void {}

  transport(): DispatchExchange {
    this.#exchange = new DispatchExchange(this);
    return this.#exchange;
  }

  customer(): this {
    return this;
  }

  /** The handler has ended the call. */
  abandon(reason: Error): void {
    this.#stop?.abort(reason);
    this.#exchange?.end(reason);
  }

  run(request: CallRequest, options: CallOptions, policies: Policies, shared: ClientState): void {
    try {
      this.#start();
      if (this.aborted) throw this.wheel.reason;
      const plan = planCall(request, options, policies, shared, this);
      plan.record.remember(this.#context);
      makeCall(plan).then(
        ({ hop }) => release(hop),
        (error: Error) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #start(): void {
    const handler = this.handler;
    if (isLegacy(handler)) handler.onConnect?.((reason) => this.wheel.abort(reason), this.#context);
    else handler.onRequestStart?.(this.wheel, this.#context);
  }

  #fail(error: Error): void {
    const handler = this.handler;
    if (isLegacy(handler)) handler.onError?.(error);
    else handler.onResponseError?.(this.wheel, error);
  }
}

function release(hop: Hop): void {
  try {
    hop.release();
  } catch (error) {
    hop.fail(error as Error);
  }
}
