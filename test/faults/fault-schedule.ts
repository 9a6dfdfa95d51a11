import type { FaultServer } from '../support/fault-server.ts';
import { type EarlyCut, type Fault, isEarly } from '../support/faults.ts';
import type { SeenRequest } from '../support/ledger.ts';
import type { FaultLine } from '../support/script.ts';
import type { InjectedFault } from './fault-case.ts';

/** The order id of requests that warm a connection up and are not part of the case. */
export const WARM_UP = 'warm-up';

/** Injects a case's faults in order, each where it strikes: at the connection, at the first byte, at the request. */
export class FaultSchedule {
  /** The faults that struck. */
  readonly injected: InjectedFault[] = [];
  /** Requests of the call of which the server knows the headers. */
  readonly seen: SeenRequest[] = [];
  readonly #faults: readonly InjectedFault[];
  readonly #server: FaultServer;
  #started = false;
  #armed = false;

  constructor(faults: readonly InjectedFault[], server: FaultServer) {
    this.#faults = faults;
    this.#server = server;
  }

  /** A cut is scheduled for a connection that never came: it would strike the next case. */
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
    // A connection that is open already can't be refused.
    return this.#next?.kind === 'refused' ? undefined : this.#next;
  }

  /** A line of the server's log. */
  note({ fault, request }: FaultLine): void {
    if (request?.order !== WARM_UP) this.#struck(fault);
  }

  get #next(): InjectedFault | undefined {
    return this.#faults[this.injected.length];
  }

  /** Tells the server of the next fault, if that strikes before a request is known. */
  #arm(): void {
    const next = this.#next;
    if (next?.kind !== 'cut' || !strikesUnseen(next)) return;
    this.#armed = true;
    this.#server.next(next);
  }

  #struck(fault: InjectedFault): void {
    this.injected.push(fault);
    this.#armed = false;
    this.#arm();
  }
}

function strikesUnseen(fault: Fault): fault is EarlyCut {
  return isEarly(fault) && fault.at !== 'head';
}
