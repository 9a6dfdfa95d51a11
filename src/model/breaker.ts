import type { AttemptReason } from './report.ts';

/** The state of a breaker. `'isolated'`: held open by hand. */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated';

/** The present state of a breaker. */
export interface BreakerSnapshot {
  /** An origin such as `https://api.pay.example`, the key of an endpoint rule, or a string that your scope function returned. */
  readonly scope: string;
  /** The present state. */
  readonly state: BreakerState;
  /** When the state last changed, in epoch milliseconds. */
  readonly since: number;
  /** While the breaker is open: when it lets one probe through, in epoch milliseconds. */
  readonly retryAt?: number;
  /**
   * Attempts that count, within `breaker.window`. Each change of state sets the statistics back to zero, so an open breaker has
   * none.
   */
  readonly attempts: number;
  /** How many of these attempts failed. */
  readonly failures: number;
}

/** A quota that a server has told of. */
export interface QuotaSnapshot {
  /** As the server calls it, or by the headers that tell it: `requests`, `x-ratelimit core`, `anthropic-ratelimit-tokens`. */
  readonly name: string;
  /** Units that are left, less what attempts under way may take. */
  readonly remaining: number;
  /** Units of a full quota; absent: the server does not say. */
  readonly limit?: number;
  /** When it is full again, in epoch milliseconds. */
  readonly resetAt: number;
}

/** The present state of a scope: of all that its calls share. */
export interface ScopeSnapshot {
  /** An origin, the key of an endpoint rule, or a string that your scope function returned. */
  readonly scope: string;
  /** The breaker. Absent until a call uses one. */
  readonly breaker?: BreakerSnapshot;
  /** Retries that the budget allows now. Absent until a call uses a budget. */
  readonly budget?: number;
  /** The number of attempts that may run at the same time. Absent until a call uses a limit. */
  readonly limit?: number;
  /** Calls in the queue of that limit. Absent until a call uses a limit. */
  readonly queued?: number;
  /** The quotas whose time is not over. Absent until a call with `quota: true` got a response. */
  readonly quotas?: readonly QuotaSnapshot[];
  /** Attempts that were sent and have no response headers yet. */
  readonly inFlight: number;
  /** Calls that wait: in the waiting room, or for their turn. */
  readonly waiting: number;
  /** Attempts that a guard refused, since the scope was first used. */
  readonly rejected: number;
}

/** A breaker that is not closed, as plain data. */
export interface BreakerRecord {
  /** `'open'`: the breaker opened by itself. `'isolated'`: it is held open by hand. */
  readonly state: 'open' | 'isolated';
  /** When the state last changed, in epoch milliseconds. */
  readonly since: number;
  /** When a probe is let through, in epoch milliseconds. Absent while isolated. */
  readonly retryAt?: number;
  /** The cooldown in milliseconds. Absent while isolated. */
  readonly cooldown?: number;
}

/** A breaker that is not closed, as plain JSON, for the next process. */
export interface ExportedBreaker extends BreakerRecord {
  /** The scope of the breaker. */
  readonly scope: string;
}

/** A failed attempt, without anything that may be secret. */
export interface FailureSummary {
  /** How the attempt ended. */
  readonly reason: AttemptReason;
  /** The response's status; absent: there was no response. */
  readonly status?: number;
  /** The error's code, such as `ECONNRESET`; absent: the error has none. */
  readonly code?: string;
}

/** Why a breaker opened. */
export interface OpenCause {
  /** Attempts within `breaker.window`; 1 if a probe failed. */
  readonly attempts: number;
  /** How many of these attempts failed. */
  readonly failures: number;
  /** The number of failures within the window, by reason. Only the latest 100 failures are counted. */
  readonly reasons: Readonly<Partial<Record<AttemptReason, number>>>;
  /** The failure that opened the breaker. */
  readonly last?: FailureSummary;
}

/** A change of a breaker's state. */
export interface Transition {
  /** The state before. */
  readonly from: BreakerState;
  /** The state now. */
  readonly to: BreakerState;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The reason in a few words. */
  readonly reason: string;
  /** Why the breaker opened. Absent if it did not open, was isolated by hand, or was inherited. */
  readonly cause?: OpenCause;
}
