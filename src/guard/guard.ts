import type { GuardName } from '../model/events.ts';
import type { AttemptReason } from '../model/report.ts';
import type { Failure } from './failure-log.ts';

/** What an attempt says about its dependency. `'ignored'`: nothing (an abort, our own deadline, a mistake of ours). */
export type Outcome = 'success' | 'failure' | 'ignored';

/** An attempt that wants to be sent. */
export interface Entry {
  /** Counted from 1; any other than the first is a retry. */
  readonly number: number;
  /** Why the attempt before it failed; undefined for the first. */
  readonly after: AttemptReason | undefined;
  /** Milliseconds that the pauses of its call may come to, from the first attempt until this one. */
  readonly span: number;
  /** Which of the scope's endpoints it is for (`endpointOf`). */
  readonly endpoint: string;
  /** Monotonic. */
  readonly now: number;
}

/** What came of an attempt that was let in. */
export interface Departure {
  readonly outcome: Outcome;
  readonly reason: AttemptReason;
  /** What there is to tell of it, should it have failed. */
  readonly told: Failure;
  /** Milliseconds from the sending to the response headers, or to the error. */
  readonly duration: number;
  /** Monotonic: when it ended. */
  readonly now: number;
  /** False only while it is certain that no byte of the request left: then it did the service no harm. */
  readonly sent: boolean;
  /** Milliseconds that the server asked to be left alone, if it did, and if so long a wait is honoured. */
  readonly asked: number | undefined;
  /** Milliseconds that an attempt may take. */
  readonly limit: number;
  /** Which of the scope's endpoints it was for. */
  readonly endpoint: string;
}

/** The body of an answer, which broke off after the answer was handed over. */
export interface BrokenBody {
  /** Monotonic: when. */
  readonly now: number;
  /** `'timeout'`: it fell silent. */
  readonly reason: 'network' | 'timeout';
  /** Milliseconds from the response headers until then. */
  readonly duration: number;
  /** Which of the scope's endpoints it came from. */
  readonly endpoint: string;
}

/** Lets one attempt through, and is handed back when the attempt is over. What the number means, only its guard knows. */
export type Permit = number;

/** Nothing may be sent now. */
export interface Refusal {
  /** Why the call ends, if it can't wait. */
  readonly by: GuardName;
  /** Monotonic: when it ends by itself. `Infinity`: never. */
  readonly until: number;
  /** Whether nothing that happens can end it before. */
  readonly isFixed: boolean;
}

/**
 * Keeps trouble from spreading. A scope has a list of guards, and each attempt passes all of them.
 *
 * An attempt first asks every guard for its `refusal`, which changes nothing; only if there is none it enters all of them
 * (`admission.ts`). So no guard has to take back what it gave because the next one refused.
 */
export interface Guard {
  /** By which events and reports name it. */
  readonly name: GuardName;
  /** Why this attempt may not be sent now; undefined: it may. */
  refusal(entry: Entry): Refusal | undefined;
  /** Lets the attempt in. Only called if there is no refusal. */
  enter(entry: Entry): Permit;
  /** The attempt is over. Resolves once its outcome has been counted. */
  leave(permit: Permit, departure: Departure): Promise<void> | void;
  /** The body of an answer that counted as a success broke off. */
  broke?(permit: Permit, body: BrokenBody): Promise<void> | void;
  /** The attempt was never sent. */
  cancel(permit: Permit): void;
  /** What a permit was given for, in a word. */
  allowed(permit: Permit): string;
  /** The state of things, in a line for people. */
  describe(now: number): string;
}
