import { once } from 'node:events';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Certificate, localhost } from './tls.ts';

/** The fault of one HTTP/2 request. Plain JSON. */
export type H2Fault =
  | { readonly kind: 'ok' }
  /** RST_STREAM with REFUSED_STREAM: certainly not processed. */
  | { readonly kind: 'refuse-stream' }
  /** RST_STREAM with this code after the request was read, such as INTERNAL_ERROR (2). */
  | { readonly kind: 'reset-stream'; readonly code: number }
  /**
   * GOAWAY. `processed`: the request is at or below the last stream, so it is answered; otherwise it is certainly not processed.
   * node:http2 can't send a GOAWAY without a last stream, so the latter needs an earlier request on the connection.
   */
  | { readonly kind: 'goaway'; readonly processed: boolean; readonly code?: number }
  /** The connection breaks without any frame: after the request, after the headers, or after half of the body. */
  | { readonly kind: 'drop'; readonly at: 'request' | 'headers' | 'body' }
  /** Never answers. */
  | { readonly kind: 'stall' };

export interface H2Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly version: '1.1' | '2.0';
  /** The number of the request's connection, counted from 1. */
  readonly connection: number;
  readonly fault: H2Fault;
}

export interface H2ServerOptions {
  /** @default the valid one */
  readonly certificate?: Certificate;
}

/**
 * Starts an HTTPS service on 127.0.0.1 that speaks HTTP/2, and HTTP/1.1 (without faults) to clients that do not.
 * @example
 * await using server = await startH2Server();
 * server.next({ kind: 'refuse-stream' });
 * const dispatcher = new Agent({ allowH2: true, connect: { ca: localhost.cert } });
 */
export async function startH2Server(options: H2ServerOptions = {}): Promise<H2Server> {
  const server = new H2Server(options);
  await server.listen();
  return server;
}

/** Made by `startH2Server`. */
export class H2Server {
  readonly #server: Http2SecureServer;
  readonly #sockets = new Map<Socket, number>();
  readonly #queue: H2Fault[] = [];
  readonly #requests: H2Request[] = [];
  #refused = 0;
  #connections = 0;

  constructor({ certificate = localhost }: H2ServerOptions) {
    this.#server = createSecureServer({ ...certificate, allowHTTP1: true });
    this.#server.on('connection', (socket: Socket) => this.#accept(socket));
    this.#server.on('session', (session) => session.on('error', () => {}));
    this.#server.on('stream', (stream, headers) => {
      // Errors of broken streams are expected.
      stream.on('error', () => {});
      void this.#serve(stream, headers);
    });
    this.#server.on('request', (request, response) => {
      // HTTP/2 requests come as streams.
      if (request.httpVersion === '1.1') void this.#serveHttp1(request, response);
    });
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests that were read completely, in that order. Refused requests are not among them. */
  get requests(): readonly H2Request[] {
    return this.#requests;
  }

  /** The number of streams that were refused, by RST_STREAM or by GOAWAY. */
  get refused(): number {
    return this.#refused;
  }

  /** The number of connections that were ever accepted, also those whose TLS handshake failed. */
  get connections(): number {
    return this.#connections;
  }

  /** The number of connections that are open now. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Adds faults, one for each of the next HTTP/2 requests. */
  next(...faults: readonly H2Fault[]): void {
    this.#queue.push(...faults);
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Stops for good, and leaves no socket. */
  async close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets.keys()) socket.destroy();
    await stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket): void {
    this.#connections += 1;
    this.#sockets.set(socket, this.#connections);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const fault = this.#queue.shift() ?? { kind: 'ok' };
    const { session } = stream;
    if (session === undefined) return;
    if (fault.kind === 'refuse-stream') {
      this.#refused += 1;
      return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    }
    if (fault.kind === 'goaway') {
      const last = lastStream(stream, fault.processed);
      session.goaway(fault.code ?? constants.NGHTTP2_NO_ERROR, last);
      session.close();
      if (!fault.processed) {
        this.#refused += 1;
        return;
      }
    }
    const [socket, connection] = this.#connectionOf(session.socket.remotePort);
    const path = headers[':path'] ?? '';
    const method = headers[':method'] ?? '';
    const body = await buffer(stream).catch(() => undefined);
    // The client disconnected before its request was complete.
    if (body === undefined || stream.destroyed) return;
    this.#requests.push({ method, path, headers, body, version: '2.0', connection, fault });
    if (fault.kind === 'stall') return;
    if (fault.kind === 'reset-stream') return stream.close(fault.code);
    if (fault.kind === 'drop' && fault.at === 'request') return void socket.destroy();

    const answer = answerTo(path);
    stream.respond({ ':status': 200, 'content-type': 'application/json', 'content-length': answer.length });
    if (fault.kind !== 'drop') return void stream.end(answer);
    if (fault.at === 'body') stream.write(answer.subarray(0, answer.length / 2));
    // The answer to a ping shows that the client has all that was sent.
    session.ping(() => socket.destroy());
  }

  async #serveHttp1(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const { headers, method, url: path } = request;
    const [, connection] = this.#connectionOf(request.socket.remotePort);
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return;
    this.#requests.push({ method, path, headers, body, version: '1.1', connection, fault: { kind: 'ok' } });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answerTo(path));
  }

  /** The TCP socket below a TLS one. To destroy the TCP socket sends no close_notify. */
  #connectionOf(port: number | undefined): [Socket, number] {
    for (const entry of this.#sockets) if (entry[0].remotePort === port) return entry;
    throw new Error(`no connection from port ${port}`);
  }
}

function answerTo(path: string): Buffer {
  return Buffer.from(JSON.stringify({ ok: true, path }));
}

/** The last stream that a GOAWAY says was processed. */
function lastStream(stream: ServerHttp2Stream, processed: boolean): number {
  const id = stream.id ?? 0;
  if (processed) return id;
  if (id < 3) throw new Error('GOAWAY before the first request of a connection: make another request first');
  return id - 2;
}
