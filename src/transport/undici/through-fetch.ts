import type { Dispatcher } from 'undici';
import { findHeader, withMissing } from '../../http/headers.ts';
import { writtenPairs } from '../../http/written-headers.ts';
import type { AttemptRequest } from '../exchange.ts';
import { ATTEMPT } from './attempt-mark.ts';
import { codingsOf } from './codings.ts';
import type { Gate } from './gate.ts';
import { handlerFor } from './handler-for.ts';
import type { AnyHandler, Listener } from './handlers.ts';
import { telling } from './languages.ts';
import type { Means } from './means.ts';
import { fetch as undiciFetch } from './package.ts';
import { USER_AGENT } from './plain-request.ts';
import { headerOf } from './raw-headers.ts';
import { ResponseBody } from './response-body.ts';
import { mayHaveBody, type Upload } from './upload.ts';
import type { Carrier, WireExchange } from './wire.ts';

type UndiciInit = Parameters<typeof undiciFetch>[1];
type UndiciResponse = Awaited<ReturnType<typeof undiciFetch>>;

/** Sends with undici's own `fetch`, as the dispatcher that it is given. */
export class ThroughFetch implements Carrier<Response> {
  readonly #means: Means;
  #exchange: WireExchange<Response> | undefined;
  #upload: Upload | undefined;
  /** A response that is there already: `fetch`'s first request gets it. */
  #inHand: Gate | undefined;
  /** Whether the caller says which user agent this is. */
  #isNamed = false;
  /** Whether each connection is closed after its response: `fetch` reads all of a short body at once. */
  #closes = false;
  /** Whether the call may make other attempts. */
  #isRetried = false;
  /** What `fetch` listens with. */
  #listener: Listener | undefined;

  constructor(means: Means, upload: Upload | undefined) {
    this.#means = means;
    this.#upload = upload;
  }

  send(exchange: WireExchange<Response>, request: AttemptRequest): void {
    const { url, init, headers, body, caller } = request;
    exchange.handOver(this);
    this.#exchange = exchange;
    // The spread comes last, and adds no member: on Node 20, what is added after one is slow (`npm run bench:tricks`).
    const sent = { dispatcher: this, signal: caller?.signal, headers: undefined, body: undefined, ...init };
    const given = headers instanceof Headers ? writtenPairs(headers) : headers;
    sent.headers = this.#upload ? withMissing(given, this.#upload.headers) : given;
    this.#closes = request.closes;
    this.#isRetried = request.isRetried;
    this.#isNamed = findHeader(given, 'user-agent') !== undefined;
    sent.body = this.#upload ? this.#upload.standIn : body;
    undiciFetch(url.href, sent as unknown as UndiciInit)
      .then((response) => this.#answered(exchange, response))
      .catch((error: unknown) => exchange.refuse(error));
  }

  /** The request was sent without `fetch`, but its response is for `fetch` to deal with. */
  goOn(exchange: WireExchange<Response>, request: AttemptRequest, inHand: Gate): void {
    this.#inHand = inHand;
    this.send(exchange, request);
  }

  // As a dispatcher.

  /** `fetch` asks whether it is a MockAgent. */
  get isMockActive(): unknown {
    return (this.#means.dispatcher as Dispatcher & { isMockActive?: unknown }).isMockActive;
  }

  /** Called by `fetch` for the request, and again for each redirect. */
  dispatch(options: Dispatcher.DispatchOptions, handler: AnyHandler): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined) throw new Error('the attempt is over');
    this.#listener = telling(handler);
    const inHand = this.#inHand;
    this.#inHand = undefined;
    if (inHand !== undefined) {
      this.#listener.onRequestStart?.(inHand, null);
      this.ready(exchange, inHand);
      return true;
    }
    if (!this.#isNamed) Reflect.set(options.headers ?? {}, 'user-agent', USER_AGENT);
    if (this.#closes) options.reset = true;
    if (this.#isRetried) Reflect.set(options, ATTEMPT, true);
    const gate = exchange.open(options.method);
    if (exchange.isTimed) {
      options.headersTimeout = 0;
      options.bodyTimeout = 0;
    }
    if (this.#upload && mayHaveBody(options.method)) {
      options.body = exchange.watched(this.#upload.content()) as never;
    }
    const { dispatcher } = this.#means;
    return dispatcher.dispatch(options, handlerFor(dispatcher, gate));
  }

  // What the exchange says.

  started(gate: Gate, context: unknown): void {
    // undici's own `abort` would keep the request with the response.
    this.#listener?.onRequestStart?.(gate, context);
  }

  ready(exchange: WireExchange<Response>, gate: Gate): void {
    // `fetch` will refuse it.
    if (codingsOf(headerOf(gate.headers, 'content-encoding')) === undefined) exchange.fault = 'response';
    if (this.#listener) gate.release(this.#listener);
  }

  responseStarted(): void {
    this.#listener?.onResponseStarted?.();
  }

  lost(_exchange: WireExchange<Response>, error: Error): void {
    this.#listener?.onResponseError?.(null, error);
  }

  header(response: Response, name: string): string | null {
    return this.#means.partsOf(response)?.header(name) ?? null;
  }

  discard(response: Response): void {
    this.#means.partsOf(response)?.body?.drain();
  }

  #answered(exchange: WireExchange<Response>, inner: UndiciResponse): void {
    this.#exchange = undefined;
    this.#upload = undefined;
    this.#listener = undefined;
    const response = wrapped(inner, this.#means);
    exchange.resolve(response, this.#means.partsOf(response)?.body ?? undefined);
  }
}

/** undici's response as one of the runtime's class. The original is kept, because undici ends the body of a collected response. */
export function wrapped(inner: UndiciResponse, { make }: Pick<Means, 'make'>): Response {
  const { status, statusText, url, redirected, type } = inner;
  return make({
    ...{ status, statusText, url, redirected, type },
    headers: () => inner.headers,
    header: (name) => inner.headers.get(name),
    body: inner.body && new ResponseBody(inner.body as unknown as ReadableStream<Uint8Array>, []),
  });
}
