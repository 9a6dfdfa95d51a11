/** A connection of a pool: only the events of its end. */
export interface Connection {
  on(event: 'error' | 'end', listener: (error: Error) => void): unknown;
  off(event: 'error' | 'end', listener: (error: Error) => void): unknown;
}

/** A pool that hands out connections. */
export interface Lender<C extends Connection> {
  connect(): Promise<C>;
  /** @param broken whether the connection must not be used again */
  giveBack(connection: C, broken: boolean): void;
}

/**
 * Runs `use` with a connection of the pool. `use` may call `discard`, so that the connection is not used again. When the
 * connection is lost, or the signal aborts, the returned promise rejects and the connection is destroyed, so that its place in
 * the pool is free. Without that, `use` would wait for ever on a connection that has gone silent.
 */
export async function withConnection<C extends Connection, T>(
  lender: Lender<C>,
  use: (connection: C, discard: () => void) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const connection = await connected(lender, signal);
  let broken = false;
  let giveUp = (_error: Error) => {};
  const lost = new Promise<never>((_, reject) => {
    giveUp = (error) => {
      broken = true;
      reject(error);
    };
  });
  const end = () => giveUp(new Error('The connection was terminated'));
  const abort = () => giveUp(signal?.reason as Error);
  const discard = () => {
    broken = true;
  };
  // The `error` listener is needed: without one, a connection that dies between queries would end the process.
  connection.on('error', giveUp);
  connection.on('end', end);
  signal?.addEventListener('abort', abort);
  try {
    return await Promise.race([use(connection, discard), lost]);
  } finally {
    signal?.removeEventListener('abort', abort);
    connection.off('error', giveUp);
    connection.off('end', end);
    // The pool listens for errors only on connections that it keeps.
    if (broken) connection.on('error', () => {});
    lender.giveBack(connection, broken);
  }
}

/** Waiting for a place in the pool can't be cancelled. A connection that comes too late is given back. */
async function connected<C extends Connection>(lender: Lender<C>, signal?: AbortSignal): Promise<C> {
  const connecting = lender.connect();
  if (signal === undefined) return connecting;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    connecting
      .then((connection) => {
        if (signal.aborted) lender.giveBack(connection, false);
        else resolve(connection);
      }, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
