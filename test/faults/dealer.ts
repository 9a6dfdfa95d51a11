import type { FaultServer } from '../support/fault-server.ts';
import { type EarlyCut, type Fault, isEarly } from '../support/faults.ts';
import type { SeenRequest } from '../support/ledger.ts';
import type { FaultLine } from '../support/script.ts';
import type { Trouble } from './story.ts';

/** The order of requests that are not part of the story. */
export const ASIDE = 'aside';

/** Deals a story's troubles out in order, each where it strikes: at the connection, at the first byte, at the request. */
export class Dealer {
  /** The troubles that struck. */
  readonly met: Trouble[] = [];
  /** Requests of the call of which the server knows the headers. */
  readonly seen: SeenRequest[] = [];
  readonly #troubles: readonly Trouble[];
  readonly #server: FaultServer;
  #started = false;
  #armed = false;

  constructor(troubles: readonly Trouble[], server: FaultServer) {
    this.#troubles = troubles;
    this.#server = server;
  }

  /** A cut was laid out for a connection that never came: it would strike the next story. */
  get isArmed(): boolean {
    return this.#armed;
  }

  /** From now on, what happens belongs to the call. */
  start(): void {
    this.#started = true;
    this.#arm();
  }

  /** Whether the connection being made is refused. */
  refuses(): boolean {
    if (!this.#started || this.#next?.kind !== 'refused') return false;
    this.#struck(this.#next);
    return true;
  }

  /** The fault for this request of the call. */
  faultFor(request: SeenRequest): Fault | undefined {
    this.seen.push(request);
    // Nobody can refuse a connection that is there already.
    return this.#next?.kind === 'refused' ? undefined : this.#next;
  }

  /** A line of the server's log. */
  note({ fault, request }: FaultLine): void {
    if (request?.order !== ASIDE) this.#struck(fault);
  }

  get #next(): Trouble | undefined {
    return this.#troubles[this.met.length];
  }

  /** Lays the next trouble out, if it strikes before a request is known. */
  #arm(): void {
    const next = this.#next;
    if (next?.kind !== 'cut' || !strikesUnseen(next)) return;
    this.#armed = true;
    this.#server.next(next);
  }

  #struck(trouble: Trouble): void {
    this.met.push(trouble);
    this.#armed = false;
    this.#arm();
  }
}

function strikesUnseen(fault: Fault): fault is EarlyCut {
  return isEarly(fault) && fault.at !== 'head';
}
