import type { Result } from './result.ts';

/** What can be listened to. Listeners hear of what this process did; what must not be missed belongs in a handler. */
export interface OutboxEvents {
  /** The call was answered with success. */
  done: Result;
  /** The call is a dead letter: its answer will not change, or it can not be made. */
  refused: Result;
  /** The call is a dead letter: its key has ended. */
  expired: Result;
  /** A sending came to nothing; there will be another. */
  later: Result;
  /** The database or the engine failed. The outbox goes on. */
  error: Error;
}

export const OUTBOX_EVENTS = ['done', 'refused', 'expired', 'later', 'error'] as const;
