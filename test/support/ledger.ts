import type { Fault } from './faults.ts';
import type { RequestBody, RequestHead } from './http-reader.ts';
import { jsonReply, type Reply } from './reply.ts';

/** The facts about a request whose headers are known. */
export interface SeenRequest extends RequestHead {
  /** The number of the request's connection, counted from 1. */
  readonly connection: number;
  /** The `idempotency-key` header, as it was sent. */
  readonly key: string | undefined;
  /** The `x-order` header: the piece of work that the request is about. */
  readonly order: string | undefined;
  /**
   * The number of the request, counted from 1 among those with the same order; without an order, with the same key; without
   * either, with the same method and path. Requests that were cut off after their headers count too.
   */
  readonly attempt: number;
}

/** A request that was read completely. */
export interface RecordedRequest extends SeenRequest, RequestBody {
  /** The name under which effects are counted: the order, or else the body's text. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly fault: Fault;
}

/** One effect. */
export interface Booking {
  /** The number of the booking, counted from 1. */
  readonly number: number;
  readonly id: string;
  readonly key: string | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A request that may be worked on. Its key is in progress until the work is booked or abandoned. */
export interface Turn {
  /** Does the work, and returns the answer of a service without faults. */
  book(): Reply | Promise<Reply>;
  /** Leaves the work undone. */
  abandon(): void;
}

interface KeyEntry {
  readonly fingerprint: string;
  /** Missing while the first request with the key is in progress. */
  reply?: Reply;
}

const SAFE = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'];
/** A repeat of these sets the same state again, so it is no second effect. */
const IDEMPOTENT = ['PUT', 'DELETE'];

/**
 * The record of what really happened. A service that honours keys does the work of a key once. It answers a repeat with the first
 * answer, with 409 while the first request is in progress, and with 422 when the request differs.
 */
export class Ledger {
  /** Every request that was read completely, in that order. */
  readonly requests: RecordedRequest[] = [];
  /** Every effect. */
  readonly bookings: Booking[] = [];
  readonly #honourKeys: boolean;
  readonly #attempts = new Map<string, number>();
  readonly #keys = new Map<string, KeyEntry>();
  readonly #counts = new Map<string, number>();
  readonly #set = new Map<string, Booking>();

  constructor(honourKeys: boolean) {
    this.#honourKeys = honourKeys;
  }

  /** The number of effects of one piece of work. */
  effects(id: string): number {
    return this.#counts.get(id) ?? 0;
  }

  /** Records a request whose headers are known. */
  see(head: RequestHead, connection: number): SeenRequest {
    const { method, path, headers } = head;
    const key = headers['idempotency-key'];
    const order = headers['x-order'];
    const matter = order ?? key ?? `${method} ${path}`;
    const attempt = (this.#attempts.get(matter) ?? 0) + 1;
    this.#attempts.set(matter, attempt);
    return { ...head, connection, key, order, attempt };
  }

  /** Records a request that was read completely. */
  record(seen: SeenRequest, body: RequestBody, fault: Fault): RecordedRequest {
    const id = seen.order ?? body.body.toString();
    const request = { ...seen, ...body, id, at: Date.now(), fault };
    this.requests.push(request);
    return request;
  }

  /** Begins the work on a request, if its key allows it. */
  open(request: RecordedRequest): Turn {
    const { method, path, key, sha256 } = request;
    if (SAFE.includes(method)) return answered(jsonReply(200, { ok: true, path }));
    if (key === undefined || !this.#honourKeys) return { book: () => this.#book(request), abandon: () => {} };

    const fingerprint = `${method} ${path} ${sha256}`;
    const entry = this.#keys.get(key);
    if (entry === undefined) return this.#first(request, key, fingerprint);
    if (entry.fingerprint !== fingerprint)
      return answered(refusal(422, 'the key was used for another request'));
    if (entry.reply === undefined) return answered(refusal(409, 'a request with this key is in progress'));
    return answered({
      ...entry.reply,
      headers: { ...entry.reply.headers, 'idempotent-replayed': 'true' },
    });
  }

  #first(request: RecordedRequest, key: string, fingerprint: string): Turn {
    const entry: KeyEntry = { fingerprint };
    this.#keys.set(key, entry);
    return {
      book: () => {
        // The effect and its answer are stored together, as in a transaction.
        entry.reply = this.#book(request);
        return entry.reply;
      },
      abandon: () => this.#keys.delete(key),
    };
  }

  #book({ id, key, method, path }: RecordedRequest): Reply {
    const same = IDEMPOTENT.includes(method) ? `${method} ${path} ${id}` : undefined;
    const before = same === undefined ? undefined : this.#set.get(same);
    if (before !== undefined) return booked(before);

    const booking: Booking = { number: this.bookings.length + 1, id, key, at: Date.now() };
    this.bookings.push(booking);
    this.#counts.set(id, this.effects(id) + 1);
    if (same !== undefined) this.#set.set(same, booking);
    return booked(booking);
  }
}

function answered(reply: Reply): Turn {
  return { book: () => reply, abandon: () => {} };
}

function booked({ number }: Booking): Reply {
  return jsonReply(201, { ok: true, booking: number });
}

function refusal(status: number, error: string): Reply {
  return jsonReply(status, { ok: false, error });
}
