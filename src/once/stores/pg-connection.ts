import type { Pool, PoolClient } from 'pg';

/**
 * Uses a connection of the pool; `discard` keeps it from being used again. When the connection is lost, or the signal aborts, the wait for `use` ends and the
 * connection is destroyed, so that its place in the pool is free: a connection that went silent never answers by itself.
 */
export async function withConnection<T>(
  pool: Pool,
  use: (client: PoolClient, discard: () => void) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const client = await connected(pool, signal);
  let broken: Error | boolean = false;
  let giveUp = (_error: Error) => {};
  const lost = new Promise<never>((_, reject) => {
    giveUp = (error) => {
      broken = error;
      reject(error);
    };
  });
  // A connection that dies while nobody queries it must not end the process either: `error` has a listener.
  const end = () => giveUp(new Error('The connection was terminated'));
  const abort = () => giveUp(signal?.reason as Error);
  client.on('error', giveUp).on('end', end);
  signal?.addEventListener('abort', abort);
  try {
    return await Promise.race([
      use(client, () => {
        broken = true;
      }),
      lost,
    ]);
  } finally {
    signal?.removeEventListener('abort', abort);
    client.off('error', giveUp).off('end', end);
    // After that, the pool listens to a connection that it keeps.
    if (broken) client.on('error', () => {});
    client.release(broken);
  }
}

/** A wait for a place in the pool cannot be cancelled: a place that comes too late is given back. */
async function connected(pool: Pool, signal: AbortSignal | undefined): Promise<PoolClient> {
  const connecting = pool.connect();
  if (signal === undefined) return connecting;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    connecting
      .then((client) => {
        if (signal.aborted) client.release();
        else resolve(client);
      }, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
