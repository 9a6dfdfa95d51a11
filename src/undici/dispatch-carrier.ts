import type { Dispatcher } from 'undici';
import { destroy } from '../body/node-stream.ts';
import { isNodeStream } from '../body/recognise.ts';
import { isDisturbed } from '../platform/streams.ts';
import type { AttemptRequest, ResponseHead } from '../transport/exchange.ts';
import { RECORD, type RecordPlace } from '../transport/record-place.ts';
import { ATTEMPT } from '../transport/undici/attempt-mark.ts';
import type { Gate } from '../transport/undici/gate.ts';
import type { AnyHandler, Listener, RawHeaders } from '../transport/undici/handlers.ts';
import { handlerLike } from '../transport/undici/languages.ts';
import { entriesOf, headerOf } from '../transport/undici/raw-headers.ts';
import { type Carrier, closesAfter, type WireExchange } from '../transport/undici/wire.ts';
import type { CallController } from './call-controller.ts';
import { MEANT, type OwnOptions } from './own-options.ts';

/** A response that waits for its verdict. */
export class HeldResponse implements ResponseHead, RecordPlace {
  readonly gate: Gate;
  [RECORD]: unknown;
  #headers: Headers | undefined;

  constructor(gate: Gate) {
    this.gate = gate;
  }

  get status(): number {
    return this.gate.status;
  }

  /** Only read when a call fails. */
  get headers(): Headers {
    this.#headers ??= new Headers(entriesOf(this.gate.headers));
    return this.#headers;
  }
}

/** What all attempts of a call have in common. */
export interface Dispatched {
  readonly dispatch: Dispatcher['dispatch'];
  readonly options: OwnOptions;
  readonly handler: AnyHandler;
  /** Tells the handler what it may hear. */
  readonly listener: Listener;
  readonly controller: CallController;
  /** What the dispatcher said: false, if it wants no more requests before its next `drain`. */
  isReady: boolean;
}

/** Sends through the dispatchers behind an interceptor. */
export class DispatchCarrier implements Carrier<HeldResponse> {
  #dispatched: Dispatched | undefined;
  #body: unknown;

  constructor(dispatched: Dispatched) {
    this.#dispatched = dispatched;
  }

  send(exchange: WireExchange<HeldResponse>, request: AttemptRequest): void {
    const { headers, body } = request;
    if (this.#dispatched === undefined) throw new Error('an exchange sends once');
    const { dispatch, options, handler } = this.#dispatched;
    const none = exchange.isTimed ? 0 : undefined;
    const meant = exchange.watched(body);
    this.#body = meant;
    const sent = MEANT in options ? { ...options, [MEANT]: meant } : { ...options };
    sent.headers = headers;
    // Else it is for a mock to look at, and is not sent.
    if (options.body === options[MEANT] || !(MEANT in options)) sent.body = meant;
    sent.headersTimeout ??= none;
    sent.bodyTimeout ??= none;
    if (closesAfter(request)) sent.reset ??= true;
    if (request.isRetried) sent[ATTEMPT] = true;
    const gate = exchange.open(options.method, options.reset === false);
    this.#dispatched.isReady = dispatch(sent as Dispatcher.DispatchOptions, handlerLike(handler, gate));
  }

  bodySent(chunk: Uint8Array): void {
    this.#dispatched?.listener.onBodySent?.(chunk);
  }

  requestSent(): void {
    this.#dispatched?.listener.onRequestSent?.();
  }

  responseStarted(): void {
    this.#dispatched?.listener.onResponseStarted?.();
  }

  /** `fetch` has no use for an interim response; others may. */
  interim(status: number, headers: RawHeaders, text: string | undefined): void {
    if (this.#dispatched === undefined) return;
    const { listener, controller } = this.#dispatched;
    listener.onResponseStart?.(controller, status, headers, text);
  }

  /** A stream that was read from hears at once of what ended it, as from undici: later, it would just be closed. */
  lost(exchange: WireExchange<HeldResponse>, error: Error): void {
    if (isNodeStream(this.#body) && isDisturbed(this.#body)) destroy(this.#body, error);
    exchange.reject(error);
  }

  ready(exchange: WireExchange<HeldResponse>, gate: Gate): void {
    // The body that the caller gets leads here, and should lead to no more of the call.
    this.#dispatched = undefined;
    this.#body = undefined;
    exchange.resolve(new HeldResponse(gate));
  }

  header({ gate }: HeldResponse, name: string): string | null {
    return headerOf(gate.headers, name) ?? null;
  }

  discard({ gate }: HeldResponse): void {
    gate.drain();
  }
}
