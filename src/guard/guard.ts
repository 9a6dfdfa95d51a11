import type { QuotaWord } from '../http/rate-limits.ts';
import type { GuardName } from '../model/events.ts';
import type { AttemptReason } from '../model/report.ts';
import type { Failure } from './failure-log.ts';

/** What an attempt says about its dependency. `'ignored'`: nothing (an abort, the call's own deadline, a local mistake). */
export type Outcome = 'success' | 'failure' | 'ignored';

/** An attempt that asks to be sent. */
export interface Entry {
  /** The attempt's number, counted from 1; above 1 it is a retry. */
  readonly number: number;
  /** Whether the attempt is a hedge, sent beside a late attempt. It is paid for like a retry, but from savings only. */
  readonly isHedge?: boolean;
  /** How the attempt before it failed; undefined for the first attempt. */
  readonly after: AttemptReason | undefined;
  /** The longest time that the call's pauses may take together, from the first attempt until this one, in milliseconds. */
  readonly span: number;
  /** The endpoint of the scope that the attempt is for (`endpointOf`). */
  readonly endpoint: string;
  /** Monotonic. */
  readonly now: number;
  /** Monotonic: how long the attempt can wait for a quota; absent: it can't. */
  readonly latest?: number;
  /** Monotonic: from when on a retry adds nothing to the usual load; absent: never. */
  readonly spare?: number | undefined;
}

/** The end of an attempt that was let in. */
export interface Departure {
  readonly outcome: Outcome;
  readonly reason: AttemptReason;
  /** What events tell about the attempt if it failed. */
  readonly told: Failure;
  /** Milliseconds from the start of the attempt to the response headers, or to the error. */
  readonly duration: number;
  /** Monotonic: when the attempt ended. */
  readonly now: number;
  /** False if certainly no byte of the request left: such an attempt cost the service nothing. */
  readonly sent: boolean;
  /** The pause that the server asked for, in milliseconds; undefined: no pause, or one that is too long to be honoured. */
  readonly asked: number | undefined;
  /** The time that an attempt may take, in milliseconds. */
  readonly limit: number;
  /** What the response told of the quotas of its server; undefined: it was not read. */
  readonly quotas?: readonly QuotaWord[] | undefined;
  /** The endpoint of the scope that the attempt was for. */
  readonly endpoint: string;
}

/** The end of a response body that broke off after the response was returned. */
export interface BrokenBody {
  /** Monotonic: when the body broke off. */
  readonly now: number;
  /** `'timeout'`: the body fell silent. */
  readonly reason: 'network' | 'timeout';
  /** Milliseconds from the response headers to the break. */
  readonly duration: number;
  /** The endpoint of the scope that the body came from. */
  readonly endpoint: string;
}

/**
 * A guard's permission for one attempt, which is given back when the attempt is over. Only its guard knows what the number means.
 */
export type Permit = number;

/** A guard's answer that the attempt may not be sent now. */
export interface Refusal {
  /** The guard that refuses: the reason of the call's end if the call can't wait. */
  readonly by: GuardName;
  /** Monotonic: when the refusal ends by itself. `Infinity`: never. */
  readonly until: number;
  /** Whether no event can end the refusal before `until`. */
  readonly isFixed: boolean;
  /** Whether the attempt waits for its turn, in the line. If not, it waits in the waiting room, until the service answers again. */
  readonly isInLine?: true;
  /** The cause, in words, for the error of a call that ends here. */
  readonly why?: string;
}

/**
 * Limits the attempts of a scope, so that trouble does not spread. A scope has a list of guards, and each attempt passes all of
 * them.
 *
 * An attempt asks every guard for its `refusal`, which changes nothing. Only if no guard refuses does the attempt enter all of
 * them (`admission.ts`). So no guard has to take a permit back because the next guard refuses.
 */
export interface Guard {
  /** The guard's name in events and reports. */
  readonly name: GuardName;
  /** Why this attempt may not be sent now; undefined: it may. */
  refusal(entry: Entry): Refusal | undefined;
  /** Lets the attempt in. Called only if there is no refusal. */
  enter(entry: Entry): Permit;
  /** The attempt is over. Resolves once its outcome is counted. */
  leave(permit: Permit, departure: Departure): Promise<void> | void;
  /** The body of a response that counted as a success broke off. */
  broke?(permit: Permit, body: BrokenBody): Promise<void> | void;
  /** The attempt was never sent. */
  cancel(permit: Permit): void;
  /** Why the permit was given, in one word. */
  allowed(permit: Permit): string;
  /** The guard's present state, as a line for people. */
  describe(now: number): string;
}
