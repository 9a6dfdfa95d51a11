import type { Dispatcher } from 'undici';
import { makeCall } from '../call/call.ts';
import type { ClientState } from '../call/client-state.ts';
import { type CallAdapter, type CallLifetime, type CallOptions, planCall } from '../call/plan.ts';
import type { CallRequest } from '../call/request.ts';
import type { Policies } from '../policy/policies.ts';
import { CallContext } from '../transport/record-place.ts';
import type { Gate } from '../transport/undici/gate.ts';
import type { AnyHandler, Controller, Listener, RawHeaders } from '../transport/undici/handlers.ts';
import { telling } from '../transport/undici/languages.ts';
import { WireExchange } from '../transport/undici/wire.ts';
import { CallController } from './call-controller.ts';
import { DispatchCarrier, type Dispatched, type HeldResponse } from './dispatch-carrier.ts';
import type { OwnOptions } from './own-options.ts';

/** What is told of a response. */
type Received = Pick<Listener, 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'>;

/**
 * One logical call through an interceptor. Its handler hears of one request: that it starts, and of the response or the
 * error that the call ends with. What happens in between is between the rules and the dispatcher.
 */
export class DispatchCall
  implements CallAdapter<HeldResponse>, CallLifetime<HeldResponse>, Dispatched, Required<Received>
{
  readonly dispatch: Dispatcher['dispatch'];
  readonly options: OwnOptions;
  readonly handler: AnyHandler;
  readonly listener: Listener;
  readonly controller = new CallController(this);
  isReady = true;
  /** undici gives it to the caller along with the response, so that the report can be asked for. */
  readonly #context = new CallContext();
  #exchange: WireExchange<HeldResponse> | undefined;
  #stop: AbortController | undefined;

  constructor(dispatch: Dispatcher['dispatch'], options: OwnOptions, handler: AnyHandler) {
    this.dispatch = dispatch;
    this.options = options;
    this.handler = handler;
    this.listener = telling(handler);
  }

  get aborted(): boolean {
    return this.controller.aborted;
  }

  get signal(): AbortSignal {
    if (this.#stop === undefined) {
      this.#stop = new AbortController();
      if (this.aborted) this.#stop.abort(this.controller.reason);
    }
    return this.#stop.signal;
  }

  /** The handler is given it when the call is over: see `run`. */
  handOver(): void {}

  release(): void {}

  transport(): WireExchange<HeldResponse> {
    this.#exchange = new WireExchange(new DispatchCarrier(this));
    return this.#exchange;
  }

  lifetime(): this {
    return this;
  }

  /** The handler has ended the call. */
  abandon(reason: Error): void {
    this.#stop?.abort(reason);
    this.#exchange?.end(reason);
  }

  /** @returns what the dispatcher said to the first attempt, if that was sent at once: see `isReady` */
  run(request: CallRequest, options: CallOptions, policies: Policies, shared: ClientState): boolean {
    try {
      this.listener.onRequestStart?.(this.controller, this.#context);
      if (this.aborted) throw this.controller.reason;
      const plan = planCall(request, options, policies, shared, this);
      plan.record.remember(this.#context);
      makeCall(plan).then(
        ({ gate }) => this.#release(gate),
        (error: Error) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error as Error);
    }
    return this.isReady;
  }

  /** The response that the call ends with. */
  #release(gate: Gate): void {
    try {
      gate.release(this);
    } catch (error) {
      gate.fail(error as Error);
    }
  }

  // What its gate says.

  onResponseStart(attempt: Controller, status: number, headers: RawHeaders, text?: string): void {
    this.controller.steer(attempt);
    this.listener.onResponseStart?.(this.controller, status, headers, text);
  }

  onResponseData(_attempt: Controller, chunk: Buffer): void {
    this.listener.onResponseData?.(this.controller, chunk);
  }

  onResponseEnd(_attempt: Controller, trailers: RawHeaders): void {
    this.listener.onResponseEnd?.(this.controller, trailers);
  }

  onResponseError(_attempt: Controller | null, error: Error): void {
    this.listener.onResponseError?.(this.controller, error);
  }

  #fail(error: Error): void {
    this.listener.onResponseError?.(this.controller, error);
  }
}
