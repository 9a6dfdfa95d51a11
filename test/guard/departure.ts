import type { Departure, Entry, Outcome } from '../../src/guard/guard.ts';

/** An attempt that wants to be sent. */
export function entry(number: number, now: number, more: Partial<Entry> = {}): Entry {
  return { number, after: number === 1 ? undefined : 'status', span: 0, endpoint: '/', now, ...more };
}

/** An attempt that is over. */
export function departure(outcome: Outcome, now: number, more: Partial<Departure> = {}): Departure {
  const reason = outcome === 'success' ? 'success' : outcome === 'failure' ? 'status' : 'aborted';
  return {
    outcome,
    reason,
    told: { reason },
    now,
    duration: 10,
    sent: true,
    asked: undefined,
    limit: 10_000,
    endpoint: '/',
    ...more,
  };
}
