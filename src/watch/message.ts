import type { ScopeSnapshot } from '../model/breaker.ts';
import type { Events } from '../model/events.ts';
import type { BodyEnd, CallReport } from '../model/report.ts';

/** The first line that a watched process sends. */
export interface Hello {
  readonly kind: 'hello';
  readonly pid: number;
  /** The file that it runs. */
  readonly name: string;
  readonly node: string;
}

/** A call that is over, as the page shows it. */
export interface CallLine
  extends Pick<
    CallReport,
    'id' | 'method' | 'url' | 'scope' | 'startedAt' | 'duration' | 'stopped' | 'delivery'
  > {
  readonly attempts: number;
  /** The status or error code of its last attempt. */
  readonly last: string;
}

/** A response body that broke off after its call was over. */
export interface BrokenLine {
  readonly id: string;
  readonly end: BodyEnd;
}

/** What happened since the last line, and how things are now. */
export interface Tick {
  readonly kind: 'tick';
  /** Epoch milliseconds. */
  readonly at: number;
  readonly scopes: readonly ScopeSnapshot[];
  readonly calls: number;
  readonly good: number;
  readonly retries: number;
  readonly rejected: number;
  /** The latest of these calls. */
  readonly last: readonly CallLine[];
  readonly broken: readonly BrokenLine[];
  readonly changes: readonly Events['breaker'][];
}

/** The process has ended, or has lost its connection. */
export interface Bye {
  readonly kind: 'bye';
}

/** What the page is told: whose line it is. */
export interface Told {
  /** Counted by the command. */
  readonly process: number;
  readonly line: Hello | Tick | Bye;
}
