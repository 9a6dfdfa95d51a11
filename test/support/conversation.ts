import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { answerOf, type End, type Fault, isDone, isEarly, ok } from './faults.ts';
import { HttpReader, type ReaderEvent } from './http-reader.ts';
import type { Ledger, RecordedRequest, SeenRequest, Turn } from './ledger.ts';
import { type Action, actionsFor, jsonReply, type Reply, replyOf } from './reply.ts';
import type { Script } from './script.ts';

/** The state that all conversations of a server share. */
export interface Host {
  readonly ledger: Ledger;
  /** Begins the work on a request that was read. */
  readonly open: (request: RecordedRequest) => Turn;
  readonly script: Script;
  /** The number of bytes of a body that are kept. */
  readonly keepBody: number;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
  /** The reasons why requests could not be read. */
  readonly malformed: string[];
  /** The number of bytes that were read, and of requests whose first byte was read. */
  readonly tally: { bytes: number; begun: number };
}

/** One connection: reads its requests one after the other, and answers each according to its fault. */
export class Conversation {
  readonly #socket: Socket;
  readonly #connection: number;
  readonly #host: Host;
  readonly #reader: HttpReader;
  /** The request whose body is being read. */
  #current: { readonly seen: SeenRequest; readonly fault: Fault } | undefined;
  /** Whether a request is being answered. The requests after it wait in the reader. */
  #busy = false;
  /** Whether nothing more is answered. Further bytes are discarded, so that the disconnect of the client is noticed. */
  #over = false;

  constructor(socket: Socket, connection: number, host: Host) {
    this.#socket = socket;
    this.#connection = connection;
    this.#host = host;
    this.#reader = new HttpReader(host.keepBody);
  }

  start(): void {
    const cut = this.#host.script.takeEarly('accept', this.#connection);
    if (cut !== undefined) this.#finish(cut.how);
    this.#socket.on('data', (bytes) => {
      if (this.#over) return;
      this.#host.tally.bytes += bytes.length;
      this.#reader.feed(bytes);
      this.#advance();
    });
  }

  #advance(): void {
    while (!this.#busy && !this.#over && !this.#socket.destroyed) {
      const event = this.#reader.next();
      if (event === undefined) return;
      this.#handle(event);
    }
  }

  #handle(event: ReaderEvent): void {
    const { ledger, script, tally, malformed } = this.#host;
    switch (event.type) {
      case 'begin': {
        tally.begun += 1;
        const cut = script.takeEarly('first-byte', this.#connection);
        if (cut !== undefined) this.#finish(cut.how);
        break;
      }
      case 'head': {
        const seen = ledger.see(event.head, this.#connection);
        const fault = script.take(seen);
        if (isEarly(fault)) this.#finish(fault.how);
        this.#current = { seen, fault };
        break;
      }
      case 'end':
        if (this.#current === undefined) break;
        void this.#serve(ledger.record(this.#current.seen, event.body, this.#current.fault));
        break;
      case 'malformed':
        malformed.push(event.reason);
        void this.#send(ok, jsonReply(400, { ok: false, error: event.reason }), false);
        this.#finish('close');
    }
  }

  async #serve(request: RecordedRequest): Promise<void> {
    this.#busy = true;
    const reply = await this.#work(request);
    if (reply === undefined || this.#socket.destroyed) return;
    await this.#send(request.fault, reply, request.method === 'HEAD');
    if (!this.#over && isLast(request, reply)) this.#finish('close');
    this.#busy = false;
    this.#advance();
  }

  /** Does the work of a request, if its fault allows it. Undefined: there will be no answer. */
  async #work(request: RecordedRequest): Promise<Reply | undefined> {
    const { fault } = request;
    const { open, closing } = this.#host;
    const cutHere = fault.kind === 'cut' && fault.at === 'request';
    if (cutHere && fault.how !== 'stall') {
      this.#finish(fault.how);
      return undefined;
    }
    const answer = answerOf(fault);
    if (answer !== undefined && !isDone(answer)) return replyOf(answer);

    const turn = open(request);
    if (cutHere || fault.kind === 'late') {
      this.#socket.once('close', cutHere ? turn.abandon : () => void turn.book());
      this.#finish('stall');
      return undefined;
    }
    if (!(await slowAt('request', fault, closing))) return undefined;
    const reply = await turn.book();
    if (!(await slowAt('booked', fault, closing))) return undefined;
    // The fault's own answer replaces that of the work, but must not hide that the work was refused.
    return answer === undefined || reply.status >= 400 ? reply : replyOf(answer);
  }

  async #send(fault: Fault, reply: Reply, bodiless: boolean): Promise<void> {
    for (const action of actionsFor(fault, reply, bodiless)) {
      if (this.#socket.destroyed) return;
      await this.#perform(action);
    }
  }

  async #perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'write':
        await new Promise<void>((resolve) => this.#socket.write(action.bytes, () => resolve()));
        break;
      case 'wait':
        await pause(action.ms, this.#host.closing);
        break;
      case 'end':
        if (action.how === 'reset') await letClientRead();
        this.#finish(action.how);
    }
  }

  #finish(how: End): void {
    this.#over = true;
    if (how === 'close') this.#socket.end();
    if (how === 'reset') this.#socket.resetAndDestroy();
  }
}

/**
 * A client that finds bytes and a reset at the same moment takes the reset for a close (libuv does so). Two turns of the event
 * loop give a client in this process the time to read in between.
 */
async function letClientRead(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/** Waits if the fault is slow at this step. Resolves to false if the server closed meanwhile. */
async function slowAt(step: 'request' | 'booked', fault: Fault, closing: AbortSignal): Promise<boolean> {
  return fault.kind !== 'slow' || fault.at !== step || pause(fault.ms, closing);
}

/** Resolves to true after `ms` milliseconds, or to false as soon as the server closes. */
function pause(ms: number, closing: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal: closing }).catch(() => false);
}

/** Whether the connection closes after this exchange, because one side asked for that. */
function isLast(request: SeenRequest, reply: Reply): boolean {
  const announced = Object.entries(reply.headers).some(
    ([name, value]) => name.toLowerCase() === 'connection' && /\bclose\b/i.test(String(value)),
  );
  const asked = request.headers.connection ?? '';
  return (
    announced || /\bclose\b/i.test(asked) || (request.version === '1.0' && !/\bkeep-alive\b/i.test(asked))
  );
}
