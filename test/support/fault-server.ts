import { setMaxListeners } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Conversation, type Host } from './conversation.ts';
import type { Fault } from './faults.ts';
import { type Booking, Ledger, type RecordedRequest, type SeenRequest } from './ledger.ts';
import type { Reply } from './reply.ts';
import { type FaultLine, Script } from './script.ts';

export interface FaultServerOptions {
  /**
   * Whether a repeated `idempotency-key` does its work once.
   * @default true
   */
  readonly honourKeys?: boolean;
  /**
   * Does the work of each request instead of this server: it is then responsible for keys, effects and answers. The server
   * only decides whether the request arrives, and what happens to the answer. The function must not reject.
   */
  readonly work?: (request: RecordedRequest) => Promise<Reply>;
  /** The first faults, in the order of the requests. `next` adds more. */
  readonly faults?: readonly Fault[];
  /**
   * Decides per request after `faults` are used up. Called when the headers are known, so a cut at an earlier step strikes there.
   * Undefined: no fault.
   */
  readonly fault?: (request: SeenRequest) => Fault | undefined;
  /**
   * The number of bytes of each request's body that are kept in memory. Length and SHA-256 are always known.
   * @default 4194304
   */
  readonly keepBody?: number;
  /** Called with each request's fault, also `ok`, as it is decided. */
  readonly log?: (line: FaultLine) => void;
}

/**
 * Starts an HTTP/1.1 service on 127.0.0.1 that can fail at every step of the conversation, and keeps a ledger.
 *
 * GET, HEAD, OPTIONS, TRACE and QUERY answer 200 and have no effect. PUT and DELETE have one effect, however often they are
 * repeated. Every other method books, and answers 201 with the number of the booking.
 * @example
 * await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'booked', how: 'reset' }] });
 * await api(server.url, { method: 'POST', headers: { 'x-order': '7' } });
 * server.effects('7'); // 1
 */
export async function startFaultServer(options: FaultServerOptions = {}): Promise<FaultServer> {
  const server = new FaultServer(options);
  await server.listenAgain();
  return server;
}

/** Made by `startFaultServer`. */
export class FaultServer {
  readonly #listener: Server = createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();
  readonly #working = new Set<Promise<Reply>>();
  readonly #host: Host;
  #port = 0;
  #connections = 0;

  constructor({ honourKeys = true, work, faults, fault, keepBody = 4 * 2 ** 20, log }: FaultServerOptions) {
    setMaxListeners(0, this.#closing.signal);
    const ledger = new Ledger(honourKeys);
    this.#host = {
      ledger,
      open: (request) =>
        work === undefined
          ? ledger.open(request)
          : { book: () => this.#awaited(work(request)), abandon: () => {} },
      script: new Script(faults, fault, log),
      keepBody,
      closing: this.#closing.signal,
      malformed: [],
      tally: { bytes: 0, begun: 0 },
    };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Every request that was read completely, in that order. */
  get requests(): readonly RecordedRequest[] {
    return this.#host.ledger.requests;
  }

  /** Every effect, in order. */
  get bookings(): readonly Booking[] {
    return this.#host.ledger.bookings;
  }

  /** The reasons why requests could not be read. */
  get malformed(): readonly string[] {
    return this.#host.malformed;
  }

  /** The number of connections that were ever accepted. */
  get connections(): number {
    return this.#connections;
  }

  /** The number of connections that are open now. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** The number of bytes that were read. Bytes after a cut are discarded and not counted. */
  get bytesReceived(): number {
    return this.#host.tally.bytes;
  }

  /** The number of requests of which at least one byte was read. */
  get requestsBegun(): number {
    return this.#host.tally.begun;
  }

  /** The number of effects of one piece of work, which is named by the `x-order` header, or else by the body's text. */
  effects(id: string): number {
    return this.#host.ledger.effects(id);
  }

  /** Adds faults for the requests to come. */
  next(...faults: readonly Fault[]): void {
    this.#host.script.next(...faults);
  }

  /** Begins an outage: drops every connection, and refuses new ones. */
  async refuse(): Promise<void> {
    const stopped = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([stopped, ...gone]);
  }

  /** Ends an outage, on the same port. */
  async listenAgain(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(this.#port, '127.0.0.1', () => {
        this.#listener.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#listener.address() as AddressInfo).port;
  }

  /** Stops for good. No socket, timer or work is left. The ledger stays readable and is final. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.refuse();
    await Promise.all(this.#working);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #awaited(work: Promise<Reply>): Promise<Reply> {
    this.#working.add(work);
    return work.finally(() => this.#working.delete(work));
  }

  #accept(socket: Socket): void {
    this.#connections += 1;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // Errors of broken connections are expected.
    socket.on('error', () => {});
    new Conversation(socket, this.#connections, this.#host).start();
  }
}
