/** For effects without a result: a unique index is enough, and this package is not needed. */
import type { PoolClient } from 'pg';

/**
 * Call this inside your transaction. False: the message was handled before, and nothing happened now. While another transaction
 * with the same message is open, the insert waits for its end.
 *
 * create table processed (message_id text primary key, at timestamptz not null default now());
 */
export async function recordCharge(tx: PoolClient, messageId: string, cents: number): Promise<boolean> {
  const { rowCount } = await tx.query('insert into processed values ($1) on conflict do nothing', [
    messageId,
  ]);
  if (rowCount === 0) return false;
  await tx.query('insert into charges (account, cents) values ($1, $2)', [messageId, cents]);
  return true;
}
