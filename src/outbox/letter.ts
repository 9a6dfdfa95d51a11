import type { StoredCall } from './call.ts';
import type { LastTry } from './result.ts';

/** A call that is not sent any more, as it is stored among the dead letters. */
export interface StoredLetter {
  readonly call: StoredCall;
  readonly reason: 'refused' | 'expired';
  /** Epoch milliseconds. */
  readonly addedAt: number;
  readonly at: number;
  readonly last: LastTry;
}

/** What a dead letter keeps of the call's job. */
interface Job {
  readonly call: StoredCall;
  /** Epoch milliseconds; `Infinity`: its key never ends. */
  readonly until: number;
  readonly addedAt: number;
}

/** @param at epoch milliseconds */
export function letterOf(job: Job, reason: StoredLetter['reason'], last: LastTry, at: number): StoredLetter {
  // From here on its key's end can't be counted from `add`: a replay is another job.
  const until = Number.isFinite(job.until) && { until: job.until };
  return { call: { ...job.call, ...until }, reason, addedAt: job.addedAt, at, last };
}
