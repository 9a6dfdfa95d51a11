import type { Dispatcher } from 'undici';
import type { AttemptRequest } from '../exchange.ts';
import { ATTEMPT } from './attempt-mark.ts';
import { codingsOf } from './codings.ts';
import type { Gate } from './gate.ts';
import { handlerFor } from './handler-for.ts';
import type { Means } from './means.ts';
import { getGlobalOrigin } from './package.ts';
import { type PlainRequest, plainRequest } from './plain-request.ts';
import { entriesOf, headerOf } from './raw-headers.ts';
import { ResponseBody } from './response-body.ts';
import { ThroughFetch } from './through-fetch.ts';
import { type Upload, uploadOf } from './upload.ts';
import { type Carrier, closesAfter, type WireExchange } from './wire.ts';

/** No body belongs to these, whatever comes. */
const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);
/** At these `fetch` does something: it follows, asks again, or refuses. */
const DELICATE: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 401, 407, 421]);

const NOBODY = {};
/** Responses that were collected. */
const dropped = new FinalizationRegistry<ResponseBody>((body) => body.abandoned());

/**
 * Sends what `fetch` would send, without `fetch`: straight to the dispatcher. What it can't do exactly goes through
 * `fetch`'s own code: at once, if the request says so, or else with the response in hand, so that the server is not asked twice.
 */
export class Direct implements Carrier<Response> {
  readonly #means: Means;
  #request: AttemptRequest | undefined;
  #upload: Upload | undefined;
  #href = '';

  constructor(means: Means) {
    this.#means = means;
  }

  send(exchange: WireExchange<Response>, request: AttemptRequest): void {
    const upload = uploadOf(request.body, request.init.method);
    // With a global origin, `fetch` says where it comes from.
    const plain = getGlobalOrigin() === undefined ? plainRequest(request, upload) : undefined;
    if (plain === undefined) {
      new ThroughFetch(this.#means, upload).send(exchange, request);
      return;
    }
    this.#request = request;
    this.#upload = upload;
    this.#href = plain.origin + plain.path;
    try {
      this.#dispatch(exchange, plain, upload, request);
    } catch (error) {
      this.lost(exchange, error as Error);
    }
  }

  ready(exchange: WireExchange<Response>, gate: Gate): void {
    const { status } = gate;
    const hasBody = !BODILESS.has(status) && gate.method !== 'HEAD';
    const codings = hasBody ? codingsOf(headerOf(gate.headers, 'content-encoding')) : [];
    const request = this.#request;
    const upload = this.#upload;
    this.#request = undefined;
    this.#upload = undefined;
    if (request !== undefined && (DELICATE.has(status) || codings === undefined)) {
      new ThroughFetch(this.#means, upload).goOn(exchange, request, gate);
      return;
    }
    const body = hasBody ? new ResponseBody(gate, codings ?? []) : null;
    const raw = gate.headers;
    const response = this.#means.make({
      status,
      statusText: gate.statusText,
      url: this.#href,
      redirected: false,
      type: 'basic',
      headers: () => entriesOf(raw),
      header: (name) => headerOf(raw, name) ?? null,
      body,
    });
    exchange.resolve(response, body ?? undefined);
    if (body === null) gate.release(NOBODY);
  }

  lost(exchange: WireExchange<Response>, error: Error): void {
    exchange.reject(new TypeError('fetch failed', { cause: error }));
  }

  header(response: Response, name: string): string | null {
    return this.#means.partsOf(response)?.header(name) ?? null;
  }

  /** What comes in the same piece as the head has come by now: that is most bodies, and they need no finalizer. */
  handedOver(response: Response): void {
    const body = this.#means.partsOf(response)?.body;
    if (body?.isComing) dropped.register(response, body);
  }

  discard(response: Response): void {
    this.#means.partsOf(response)?.body?.drain();
  }

  #dispatch(
    exchange: WireExchange<Response>,
    plain: PlainRequest,
    upload: Upload | undefined,
    request: AttemptRequest,
  ): void {
    const { dispatcher } = this.#means;
    const gate = exchange.open(plain.method);
    const none = exchange.isTimed ? 0 : undefined;
    const options = {
      path: plain.path,
      origin: plain.origin,
      method: plain.method,
      body: upload && exchange.watched(upload.content()),
      headers: plain.headers,
      maxRedirections: 0,
      upgrade: undefined,
      headersTimeout: none,
      bodyTimeout: none,
      reset: closesAfter(request) || null,
      [ATTEMPT]: request.isRetried,
    };
    dispatcher.dispatch(options as unknown as Dispatcher.DispatchOptions, handlerFor(dispatcher, gate));
  }
}
