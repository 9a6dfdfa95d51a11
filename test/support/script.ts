import { type EarlyCut, type Fault, isEarly, ok } from './faults.ts';
import type { SeenRequest } from './ledger.ts';

/** One line of the server's log: a fault, and the request as far as it was read. Plain JSON. */
export interface FaultLine {
  /** The number of the connection, counted from 1. */
  readonly connection: number;
  readonly fault: Fault;
  readonly request?: Pick<SeenRequest, 'method' | 'path' | 'key' | 'order' | 'attempt'>;
}

/** Chooses the next fault: from the queue in order, then from the function, then none. */
export class Script {
  readonly #queue: Fault[];
  readonly #decide: (request: SeenRequest) => Fault | undefined;
  readonly #log: (line: FaultLine) => void;

  constructor(
    queue: readonly Fault[] = [],
    decide: (request: SeenRequest) => Fault | undefined = () => undefined,
    log: (line: FaultLine) => void = () => {},
  ) {
    this.#queue = [...queue];
    this.#decide = decide;
    this.#log = log;
  }

  next(...faults: readonly Fault[]): void {
    this.#queue.push(...faults);
  }

  /** Takes the next fault of the queue if it strikes now, before the headers of a request are known. */
  takeEarly(step: 'accept' | 'first-byte', connection: number): EarlyCut | undefined {
    const [fault] = this.#queue;
    if (fault === undefined || !isEarly(fault)) return undefined;
    if (fault.at === 'head' || (step === 'accept' && fault.at === 'first-byte')) return undefined;
    this.#queue.shift();
    this.#log({ connection, fault });
    return fault;
  }

  /** Takes the fault of a request whose headers are known. */
  take(request: SeenRequest): Fault {
    const fault = this.#queue.shift() ?? this.#decide(request) ?? ok;
    const { connection, method, path, key, order, attempt } = request;
    this.#log({ connection, fault, request: { method, path, key, order, attempt } });
    return fault;
  }
}
