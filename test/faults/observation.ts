import type { CallReport, Events } from '../../src/index.ts';
import type { RecordedRequest, SeenRequest } from '../support/ledger.ts';
import type { MadeBody } from './bodies.ts';
import type { FaultCase, InjectedFault } from './fault-case.ts';

/** The response as the caller has read it. */
export interface ReadResponse {
  readonly status: number;
  /** Undefined if reading it failed. */
  readonly body: Buffer | undefined;
}

/** A failed attempt, as the client reported it to `retry.when`. */
export interface ReportedFailure {
  readonly attempt: number;
  readonly error: unknown;
  /** The pause that the server asked for, in milliseconds. */
  readonly asked: number;
}

/** Everything that is known of one call, from both ends of the wire. */
export interface Observation {
  readonly faultCase: FaultCase;
  /** What must not be found anywhere. */
  readonly secret: string;
  readonly made: MadeBody;

  /** What the client says. */
  readonly answer: ReadResponse | undefined;
  readonly error: unknown;
  readonly report: CallReport | undefined;
  readonly events: { readonly [Name in keyof Events]: readonly Events[Name][] };
  readonly reported: readonly ReportedFailure[];
  /** With which reason the caller aborted, and how many milliseconds after it had made the call. */
  readonly abort: { readonly reason: Error; readonly after: number } | undefined;

  /** What its sockets did: bytes written during each attempt. */
  readonly written: readonly number[];

  /** What the server knows. */
  readonly injected: readonly InjectedFault[];
  readonly begun: number;
  readonly seen: readonly SeenRequest[];
  readonly recorded: readonly RecordedRequest[];
  readonly effects: number;
  /** The text that the answer's body should be; undefined where that can't be known. */
  readonly expectedBody: Buffer | undefined;

  /** Milliseconds until the call settled, and until its body was read. */
  readonly settledAfter: number;
  readonly endedAfter: number;
  /** The longest time during which the event loop stood still meanwhile. */
  readonly stall: number;

  /** Sockets and listeners that were still there when all was over. */
  readonly leftovers: readonly string[];
}
