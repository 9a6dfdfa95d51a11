import type { AttemptReason } from './report.ts';

/** `'isolated'`: held open by hand. */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated';

/** A breaker as it stands. */
export interface BreakerSnapshot {
  /** An origin such as `https://api.pay.example`, the key of an endpoint rule, or what your scope function returned. */
  readonly scope: string;
  /** As it is now. */
  readonly state: BreakerState;
  /** Epoch milliseconds of the last change of state. */
  readonly since: number;
  /** While open: epoch milliseconds from which one probe is let through. */
  readonly retryAt?: number;
  /** Attempts that count, within `breaker.window`. None while it is open, and after each change of state: it starts fresh. */
  readonly attempts: number;
  /** How many of these failed. */
  readonly failures: number;
}

/** What the calls of one scope share, as it stands. */
export interface ScopeSnapshot {
  /** An origin, the key of an endpoint rule, or what your scope function returned. */
  readonly scope: string;
  /** Absent as long as no call has used one. */
  readonly breaker?: BreakerSnapshot;
  /** Retries that may be had now. Absent as long as no call has used a budget. */
  readonly budget?: number;
  /** Attempts under way, until their response headers. */
  readonly inFlight: number;
  /** Calls in the waiting room. */
  readonly waiting: number;
  /** Attempts that a guard turned away, since the scope was first used. */
  readonly rejected: number;
}

/** A breaker that is not closed, as plain data. */
export interface BreakerRecord {
  /** Whether it opened by itself, or was isolated by hand. */
  readonly state: 'open' | 'isolated';
  /** Epoch milliseconds of the last change. */
  readonly since: number;
  /** Epoch milliseconds from which a probe is let through. Not while isolated. */
  readonly retryAt?: number;
  /** Milliseconds; the next one is twice as long. Not while isolated. */
  readonly cooldown?: number;
}

/** A breaker that is not closed, as plain JSON: for the next process, if this one will not live long. */
export interface ExportedBreaker extends BreakerRecord {
  /** Whose breaker it is. */
  readonly scope: string;
}

/** A failed attempt, without anything that may be secret. */
export interface FailureSummary {
  readonly reason: AttemptReason;
  /** Of the response, if there was one. */
  readonly status?: number;
  /** Of the error, such as `ECONNRESET`, if it has one. */
  readonly code?: string;
}

/** Why a breaker opened. */
export interface OpenCause {
  /** Attempts within `breaker.window`; 1 for a probe. */
  readonly attempts: number;
  /** How many of these failed. */
  readonly failures: number;
  /** The failures within the window by their kind; of the latest 100 at most. */
  readonly reasons: Readonly<Partial<Record<AttemptReason, number>>>;
  /** The failure that opened it. */
  readonly last?: FailureSummary;
}

/** A change of a breaker's state. */
export interface Transition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly reason: string;
  /** If it opened by itself. Not of one that was inherited. */
  readonly cause?: OpenCause;
}
