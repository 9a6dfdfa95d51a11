import { type Dispatcher, getGlobalDispatcher, fetch as undiciFetch } from 'undici';
import { withMissing } from '../../http/headers.ts';
import type { DispatcherLike } from '../../model/options.ts';
import { discard } from '../discard.ts';
import type { AttemptRequest, Transport } from '../exchange.ts';
import { type Handler, isLegacy } from './handlers.ts';
import type { Hop } from './hop.ts';
import { ModernHop } from './modern-hop.ts';
import { spokenBy } from './undici7/both-languages.ts';
import { LegacyHop } from './undici7/legacy-hop.ts';
import { mayHaveBody, type Upload, uploadOf } from './upload.ts';
import { WireExchange } from './wire.ts';

type UndiciInit = Parameters<typeof undiciFetch>[1];

/** Sends with undici's own `fetch`, on the given dispatcher or on undici's global one. */
export function undiciTransport(dispatcher: DispatcherLike | undefined): Transport {
  return () => new UndiciExchange((dispatcher ?? getGlobalDispatcher()) as Dispatcher);
}

/** One attempt through undici's `fetch`, as the dispatcher that it is given. */
export class UndiciExchange extends WireExchange<Response> {
  readonly gated = false;
  readonly #base: Dispatcher;
  #upload: Upload | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(base: Dispatcher) {
    super();
    this.#base = base;
  }

  /** Redirects are followed before `fetch` settles. */
  protected get isFinal(): boolean {
    return this.#reject === undefined;
  }

  send(order: AttemptRequest): Promise<Response> {
    this.start(order);
    const { url, init, headers, body, caller } = order;
    this.#upload = uploadOf(body, init.method);
    // The spread comes last, and adds no member: on Node 20, what is added after one is slow (`npm run bench:tricks`).
    const sent = { dispatcher: this, signal: caller?.signal, headers: undefined, body: undefined, ...init };
    sent.headers = this.#upload ? withMissing(headers, this.#upload.headers) : headers;
    sent.body = this.#upload ? this.#upload.standIn : body;
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      undiciFetch(url.href, sent as unknown as UndiciInit).then(
        (response) => {
          this.#settled();
          order.record.remember(response);
          resolve(response as unknown as Response);
        },
        (error: unknown) => {
          this.#settled();
          this.stopClock();
          this.hop?.drop();
          reject(error);
        },
      );
    });
  }

  discard(response: Response): void {
    discard(response);
  }

  /** `fetch` asks its dispatcher whether it is a MockAgent. */
  get isMockActive(): unknown {
    return (this.#base as Dispatcher & { isMockActive?: unknown }).isMockActive;
  }

  /** The dispatcher's part: called by `fetch` for the request, and again for each redirect. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    const hop = isLegacy(handler)
      ? new LegacyHop(handler, this, options.method)
      : new ModernHop(handler, this, options.method);
    this.begin(hop);
    if (this.isTimed) {
      options.headersTimeout = 0;
      options.bodyTimeout = 0;
    }
    if (this.#upload && mayHaveBody(options.method)) {
      options.body = this.watched(this.#upload.content()) as never;
    }
    const spoken = hop instanceof LegacyHop ? spokenBy(this.#base, hop) : hop;
    return this.#base.dispatch(options, spoken as unknown as Dispatcher.DispatchHandler);
  }

  hopReady(hop: Hop): void {
    this.released();
    hop.release();
  }

  protected override reject(error: Error): void {
    this.#reject?.(error);
  }

  #settled(): void {
    // It leads to the promise, and that one to the response.
    this.#reject = undefined;
    this.#upload = undefined;
    this.letGo();
  }
}
