import type { FaultServer } from '../support/fault-server.ts';
import { type EarlyCut, type Fault, isEarly } from '../support/faults.ts';
import type { SeenRequest } from '../support/ledger.ts';
import type { FaultLine } from '../support/script.ts';
import type { InjectedFault } from './fault-case.ts';

/** The order id of requests that only open a connection and are not part of the case. */
export const WARM_UP = 'warm-up';

/** Injects the faults of a case in order, each where it strikes: at the connection, at the first byte, at the request. */
export class FaultSchedule {
  /** The faults that struck. */
  readonly injected: InjectedFault[] = [];
  /** The requests of the call whose headers the server has read. */
  readonly seen: SeenRequest[] = [];
  readonly #faults: readonly InjectedFault[];
  readonly #server: FaultServer;
  #started = false;
  #armed = false;

  constructor(faults: readonly InjectedFault[], server: FaultServer) {
    this.#faults = faults;
    this.#server = server;
  }

  /** Whether a cut is scheduled for a connection that never came. It would strike the next case. */
  get isArmed(): boolean {
    return this.#armed;
  }

  /** From now on, all events belong to the call. */
  start(): void {
    this.#started = true;
    this.#arm();
  }

  /** Whether the connection that is being made is refused. */
  refuses(): boolean {
    if (!this.#started || this.#next?.kind !== 'refused') return false;
    this.#struck(this.#next);
    return true;
  }

  /** The fault for this request of the call. */
  faultFor(request: SeenRequest): Fault | undefined {
    this.seen.push(request);
    // A connection that is already open can't be refused.
    return this.#next?.kind === 'refused' ? undefined : this.#next;
  }

  /** Records a line of the server's log. */
  note({ fault, request }: FaultLine): void {
    if (request?.order !== WARM_UP) this.#struck(fault);
  }

  get #next(): InjectedFault | undefined {
    return this.#faults[this.injected.length];
  }

  /** Gives the next fault to the server, if it strikes before a request is known. */
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
