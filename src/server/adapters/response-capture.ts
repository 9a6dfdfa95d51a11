import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Reply } from '../protect.ts';

type Callback = () => void;

/**
 * Takes what a handler writes to a `ServerResponse` and keeps it from the connection, until it is known what to send.
 * The handler is not told that the client went away: its answer is not for this connection alone.
 */
export class ResponseCapture {
  /** What the handler answers, from the moment it begins to. Rejects if the handler destroys the response instead. */
  readonly response: Promise<Response>;

  readonly #res: ServerResponse;
  readonly #before: { readonly status: number; readonly headers: OutgoingHttpHeaders };
  /** What stood on the response itself: other middleware patches the same methods. */
  readonly #covered: readonly (readonly [name: string, own: PropertyDescriptor | undefined])[];
  readonly #chunks: Buffer[] = [];
  #resolve: (response: Response) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #begun = false;
  #ended = false;
  #closed = false;
  #gone = false;
  #waiting = false;
  #whenSent: Callback | undefined;

  /** @param present The headers that stand there already and are not the handler's. */
  constructor(res: ServerResponse, present: OutgoingHttpHeaders = res.getHeaders()) {
    this.#res = res;
    const headers = Object.entries(present).map(([name, value]) => [name, copyOf(value)]);
    this.#before = { status: res.statusCode, headers: Object.fromEntries(headers) };
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const emit = res.emit.bind(res);
    const method = (value: (...args: never[]) => unknown) => ({ configurable: true, writable: true, value });
    const overlay: Record<string, PropertyDescriptor> = {
      headersSent: { configurable: true, get: () => this.#begun },
      writableEnded: { configurable: true, get: () => this.#ended },
      // Node sets it when the client goes away.
      destroyed: {
        configurable: true,
        get: () => false,
        set: (gone: boolean) => {
          this.#gone = gone;
        },
      },
      flushHeaders: method(() => this.#begin()),
      writeHead: method((...args) => this.#writeHead(args)),
      write: method((...args) => this.#write(args)),
      end: method((...args) => this.#end(args)),
      destroy: method((error?: Error) => this.#destroy(error)),
      emit: method((event: string, ...args: unknown[]) => {
        if (event !== 'close') return emit(event, ...args);
        this.#closed = true;
        return false;
      }),
    };
    this.#covered = Object.keys(overlay).map((name) => [name, Object.getOwnPropertyDescriptor(res, name)]);
    Object.defineProperties(res, overlay);
  }

  /** Gives the response back as it was before the handler. */
  restore(): void {
    this.#uncover();
    for (const name of this.#res.getHeaderNames()) this.#res.removeHeader(name);
    for (const [name, value] of Object.entries(this.#before.headers))
      if (value !== undefined) this.#res.setHeader(name, value);
    this.#res.statusCode = this.#before.status;
  }

  /** Gives the response back, and sends the answer there. */
  async send(answer: Reply): Promise<void> {
    if (answer.own) return this.#sendOwn();
    this.restore();
    return sendReply(this.#res, answer);
  }

  /** Its headers are on the response already. If the handler is not done with it, it goes on by itself. */
  #sendOwn() {
    this.#uncover();
    const last = this.#ended ? this.#chunks.pop() : undefined;
    let room = true;
    for (const chunk of this.#chunks) room = this.#res.write(chunk);
    // The last chunk goes with the end, so that a body of one chunk gets its Content-Length from Node.
    if (this.#ended) this.#res.end(last, this.#whenSent);
    else if (this.#waiting && room) this.#res.emit('drain');
  }

  #uncover() {
    for (const [name, own] of this.#covered) {
      Reflect.deleteProperty(this.#res, name);
      if (own !== undefined) Object.defineProperty(this.#res, name, own);
    }
    if (this.#gone) this.#res.destroyed = true;
    if (this.#closed) this.#res.emit('close');
  }

  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller;
      },
      pull: () => {
        if (this.#waiting) this.#res.emit('drain');
        this.#waiting = false;
      },
    });
    const { statusCode: status, statusMessage, req } = this.#res;
    const bodiless = req.method === 'HEAD' || status === 204 || status === 205 || status === 304;
    const headers = headersAdded(this.#res, this.#before.headers);
    this.#resolve(new Response(bodiless ? null : body, { status, statusText: statusMessage ?? '', headers }));
  }

  #writeHead(args: readonly unknown[]) {
    const [status, ...rest] = args;
    this.#res.statusCode = status as number;
    for (const part of rest) {
      if (typeof part === 'string') this.#res.statusMessage = part;
      else if (part != null) for (const [name, value] of pairs(part)) this.#res.setHeader(name, value);
    }
    return this.#res;
  }

  #write([chunk, ...rest]: readonly unknown[]): boolean {
    if (this.#ended) return false;
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

/** Sends an answer that is not the handler's: its headers are laid over what is there. */
export async function sendReply(res: ServerResponse, { response }: Reply): Promise<void> {
  res.statusCode = response.status;
  if (response.statusText !== '') res.statusMessage = response.statusText;
  for (const [name, value] of response.headers)
    if (name === 'set-cookie') res.appendHeader(name, value);
    else res.setHeader(name, value);
  if (response.body === null) res.end();
  else res.end(Buffer.from(await response.arrayBuffer()));
}

/** The headers that the handler set; those that stood there before belong to the one request, not to the answer. */
function headersAdded(res: ServerResponse, before: OutgoingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(res.getHeaders())) {
    if (value === undefined || String(value) === String(before[name])) continue;
    for (const part of Array.isArray(value) ? value : [value]) headers.append(name, `${part}`);
  }
  return headers;
}

/** `writeHead` takes an object, or a flat array of names and values. */
function pairs(headers: object): [name: string, value: string][] {
  if (!Array.isArray(headers)) return Object.entries(headers);
  return Array.from({ length: headers.length / 2 }, (_, n) => [headers[2 * n], headers[2 * n + 1]]);
}

/** A copy: the handler may use its buffer again, long before we are done with it. */
function bytesOf(chunk: unknown, encoding: unknown): Buffer {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk);
  return Buffer.from(String(chunk), typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}

const copyOf = <T>(value: T): T => (Array.isArray(value) ? (value.slice() as T) : value);

const callbackOf = (args: readonly unknown[]) =>
  args.find((arg): arg is Callback => typeof arg === 'function');
