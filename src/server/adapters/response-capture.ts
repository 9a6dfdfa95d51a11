import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { types } from 'node:util';
import type { Handled, Reply } from '../protect.ts';
import { DrainListeners } from './drain-listeners.ts';
import { checkChunk, checkHeadersNotSent, checkStatus } from './node-checks.ts';
import { method, overlay } from './overlay.ts';
import type { RequestShield } from './request-shield.ts';
import { headersAdded, headersOf, resetHeaders, setHeaders } from './response-headers.ts';
import { sendReply } from './send-reply.ts';

type Callback = () => void;

const CHANGING_HEADERS = ['setHeader', 'appendHeader', 'removeHeader'];

/**
 * Captures what a handler writes to a `ServerResponse`, and holds it back until it is decided what to send. The handler does not
 * learn of a disconnect of the client, because its response is also for later requests.
 */
export class ResponseCapture {
  /** Resolves when the handler begins its response. Rejects if the handler destroys the response instead. */
  readonly handled: Promise<Handled>;

  readonly #res: ServerResponse;
  readonly #shield: RequestShield;
  readonly #before: { readonly status: number; readonly headers: OutgoingHttpHeaders };
  readonly #takeOff: () => void;
  readonly #chunks: Buffer[] = [];
  readonly #drain = new DrainListeners();
  #resolve: (handled: Handled) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #threw = false;
  #headWritten = false;
  /** The status line as it was when the response began. A handler can't change it afterwards. */
  #head: { readonly status: number; readonly message: string } | undefined;
  #ended = false;
  #gone: boolean;
  #waiting = false;
  #whenSent: Callback | undefined;

  /** @param present the headers that were set before the handler ran */
  constructor(res: ServerResponse, shield: RequestShield, present: OutgoingHttpHeaders = res.getHeaders()) {
    this.#res = res;
    this.#shield = shield;
    this.#before = { status: res.statusCode, headers: headersOf(present) };
    this.#gone = res.destroyed === true;
    this.handled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.handled.catch(() => {}); // `protect` waits for this promise, too
    shield.onDestroy = (error) => this.#destroy(error);
    const emit = res.emit.bind(res);
    this.#takeOff = overlay(res, {
      headersSent: { get: () => this.#begun },
      // Older middleware asks this member of Node's in place of `headersSent`.
      _header: { get: () => (this.#begun ? 'begun' : null), set: () => {} },
      ...this.#changesOfHeaders(res),
      writableEnded: { get: () => this.#ended },
      finished: { get: () => this.#ended, set: () => {} },
      socket: { get: () => shield.standIn.socket, set: () => {} },
      // Node sets both when the client disconnects.
      destroyed: {
        get: () => false,
        set: (gone: boolean) => {
          this.#gone = gone;
        },
      },
      _closed: { get: () => false, set: () => {} },
      // `on-finished` keeps one list of listeners per response. Listeners from before the handler are told of the disconnect.
      // Later ones have a list of their own, and are told after the handler.
      __onFinished: { writable: true, value: undefined },
      ...this.#drain.members(res),
      flushHeaders: method(() => this.#begin()),
      writeHead: method((...args) => this.#writeHead(args)),
      write: method((...args) => this.#write(args)),
      end: method((...args) => this.#end(args)),
      destroy: method((error?: Error) => this.#destroy(error)),
      emit: method((event: string, ...args: unknown[]) => {
        if (event !== 'close' && event !== 'finish') return emit(event, ...args);
        this.#gone = true;
        return false;
      }),
    });
  }

  get #begun(): boolean {
    return this.#head !== undefined;
  }

  /** The methods that change headers, which throw once the response has begun, as Node's do. */
  #changesOfHeaders(res: ServerResponse): PropertyDescriptorMap {
    const members = CHANGING_HEADERS.filter((name) => name in res).map((name) => {
      const change: (...args: unknown[]) => unknown = Reflect.get(res, name).bind(res);
      const checked = (...args: unknown[]) => {
        checkHeadersNotSent(this.#begun);
        return change(...args);
      };
      return [name, method(checked)] as const;
    });
    return Object.fromEntries(members);
  }

  /** The handler threw, and its framework will answer. A response that has begun can't be replaced, so it is broken off. */
  markThrown(): void {
    this.#threw = true;
    if (this.#begun && !this.#ended)
      this.#destroy(new Error('The handler threw in the middle of its response'));
  }

  /** Restores the response to its state before the handler. */
  restore(): void {
    this.#uncover();
    if (this.#res.headersSent) return;
    resetHeaders(this.#res, this.#before.headers);
    this.#res.statusCode = this.#before.status;
  }

  /** Releases the response and sends the reply on it. */
  async send(reply: Reply): Promise<void> {
    if (reply.kind === 'own') return this.#sendOwn();
    this.restore();
    await sendReply(this.#res, reply);
    // A handler that is still running must not write to a response that was sent in its place.
    if (!this.#ended) silence(this.#res);
  }

  /**
   * Sends the handler's own response, whose headers are set already. A handler that has not ended continues on the real response.
   */
  #sendOwn() {
    const isLost = this.#gone && this.#res.req.httpVersionMajor >= 2;
    this.#uncover();
    // Over HTTP/2 a write to a stream that has ended is an error.
    if (isLost) return;
    this.#restoreHead();
    const last = this.#ended ? this.#chunks.pop() : undefined;
    let room = true;
    for (const chunk of this.#chunks) room = this.#res.write(chunk);
    // The last chunk is passed to `end`, so that Node sets the Content-Length of a body with a single chunk.
    if (this.#ended) this.#res.end(last, this.#whenSent);
    else if (this.#waiting && room) this.#drain.emit();
    this.#drain.handOver(this.#res);
  }

  #restoreHead() {
    if (this.#head === undefined) return;
    this.#res.statusCode = this.#head.status;
    if (this.#res.req.httpVersionMajor < 2) this.#res.statusMessage = this.#head.message;
  }

  #uncover() {
    this.#takeOff();
    if (this.#gone) {
      this.#res.destroyed = true;
      Reflect.set(this.#res, '_closed', true);
    }
    this.#shield.release();
    if (this.#gone) this.#res.emit('close');
  }

  #begin() {
    // Through `writeHead`, as Node does: middleware behind the guard may have wrapped it.
    if (!this.#begun && !this.#headWritten) this.#res.writeHead(this.#res.statusCode);
    if (this.#begun) return;
    checkStatus(this.#res.statusCode);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller;
      },
      pull: () => {
        if (this.#waiting) this.#drain.emit();
        this.#waiting = false;
      },
    });
    const { statusCode, req } = this.#res;
    // HTTP/2 has no status text, and Node warns.
    const message = (req.httpVersionMajor < 2 && this.#res.statusMessage) || '';
    this.#head = { status: statusCode, message };
    // A `Response` has a status of 200 to 599. A response with any other status is sent as it is, and not stored.
    const status = statusCode >= 200 && statusCode <= 599 ? statusCode : 500;
    const bodiless = req.method === 'HEAD' || status === 204 || status === 205 || status === 304;
    const headers = headersAdded(this.#res, this.#before.headers);
    const response = new Response(bodiless ? null : body, {
      status,
      statusText: message,
      headers,
    });
    this.#resolve({ response, threw: this.#threw });
  }

  #writeHead(args: readonly unknown[]) {
    const [status, ...rest] = args;
    checkHeadersNotSent(this.#begun);
    checkStatus(status);
    this.#headWritten = true;
    this.#res.statusCode = Number(status);
    for (const part of rest) {
      if (typeof part === 'string') this.#res.statusMessage = part;
      else if (part != null) setHeaders(this.#res, part);
    }
    return this.#res;
  }

  #write([chunk, ...rest]: readonly unknown[]): boolean {
    if (this.#ended) return false;
    checkChunk(chunk);
    this.#begin();
    const bytes = bytesOf(chunk, rest[0]);
    this.#chunks.push(bytes);
    this.#body?.enqueue(bytes);
    callbackOf(rest)?.();
    this.#waiting = (this.#body?.desiredSize ?? 1) <= 0;
    return !this.#waiting;
  }

  #end(args: readonly unknown[]) {
    if (this.#ended) return this.#res;
    this.#whenSent = callbackOf(args);
    const [chunk, encoding] = args;
    if (chunk != null && typeof chunk !== 'function')
      this.#write(typeof encoding === 'string' ? [chunk, encoding] : [chunk]);
    this.#begin();
    this.#ended = true;
    this.#waiting = false;
    this.#body?.close();
    return this.#res;
  }

  #destroy(error = new Error('The handler destroyed the response')) {
    if (!this.#ended) this.#body?.error(error);
    this.#ended = true;
    this.#reject(error);
    return this.#res;
  }
}

/** Makes the response ignore all further writes of a handler. */
function silence(res: ServerResponse): void {
  const ignore = method(() => res);
  const names = ['writeHead', 'end', 'destroy', 'flushHeaders', ...CHANGING_HEADERS];
  overlay(res, {
    ...Object.fromEntries(names.map((name) => [name, ignore])),
    write: method(() => true),
  });
}

/** A copy, because the handler may reuse its buffer before the bytes are sent. */
function bytesOf(chunk: unknown, encoding: unknown): Buffer {
  if (types.isUint8Array(chunk)) return Buffer.from(chunk);
  return Buffer.from(String(chunk), typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}

const callbackOf = (args: readonly unknown[]) =>
  args.find((arg): arg is Callback => typeof arg === 'function');
