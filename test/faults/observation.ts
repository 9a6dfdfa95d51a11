import type { CallReport, Events } from '../../src/index.ts';
import type { RecordedRequest, SeenRequest } from '../support/ledger.ts';
import type { MadeBody } from './bodies.ts';
import type { FaultCase, InjectedFault } from './fault-case.ts';

/** The response as the caller has read it. */
export interface ReadResponse {
  readonly status: number;
  /** Undefined: reading the body failed. */
  readonly body: Buffer | undefined;
}

/** A failed attempt, as the client reported it to `retry.when`. */
export interface ReportedFailure {
  readonly attempt: number;
  readonly error: unknown;
  /** The pause that the server asked for, in milliseconds. */
  readonly asked: number;
}

/** All facts about one call, from both ends of the connection. */
export interface Observation {
  readonly faultCase: FaultCase;
  /** A text that must not appear anywhere. */
  readonly secret: string;
  readonly made: MadeBody;

  /** The client's view. */
  readonly answer: ReadResponse | undefined;
  readonly error: unknown;
  readonly report: CallReport | undefined;
  readonly events: { readonly [Name in keyof Events]: readonly Events[Name][] };
  readonly reported: readonly ReportedFailure[];
  /** The reason with which the caller aborted, and after how many milliseconds. */
  readonly abort: { readonly reason: Error; readonly after: number } | undefined;

  /** The bytes that the client's sockets wrote during each attempt. */
  readonly written: readonly number[];

  /** The server's view. */
  readonly injected: readonly InjectedFault[];
  readonly begun: number;
  readonly seen: readonly SeenRequest[];
  readonly recorded: readonly RecordedRequest[];
  readonly effects: number;
  /** The expected text of the answer's body; undefined where it can't be known. */
  readonly expectedBody: Buffer | undefined;

  /** Milliseconds until the call settled, and until its body was read. */
  readonly settledAfter: number;
  readonly endedAfter: number;
  /** The longest block of the event loop meanwhile. */
  readonly stall: number;

  /** Sockets and listeners that were left at the end. */
  readonly leftovers: readonly string[];
}
