import type { Pool } from 'pg';

const guarded = new WeakSet<object>();

/**
 * Keeps the process alive when a connection of the pool is lost in the moment in which a caller gets it. The pool has taken its own listener off
 * then, the caller, who waits for a promise, has none yet, and an `error` event without a listener ends the process. This happens when
 * a busy database restarts: its last result and its goodbye arrive together.
 */
export function guardPool(pool: Pool): void {
  if (guarded.has(pool)) return;
  guarded.add(pool);
  // What stands in for a pool may have no events.
  pool.on?.('connect', (client) => void client.on('error', ignore));
}

/** The next statement on that connection fails. */
const ignore = () => {};
