import { createHash } from 'node:crypto';
import type { ScopedKey } from '../store.ts';
import { type MysqlQueries, resultOf } from './mysql-query.ts';

/** SHA-256 of scope and key, because both as text would be too long for an index. */
export const hashOf = ({ scope, key }: ScopedKey) =>
  createHash('sha256').update(JSON.stringify([scope, key]));

/**
 * Advisory locks on keys, held while a claim may be uncommitted. A duplicate then finds the lock taken and returns at once,
 * instead of waiting for that transaction. The primary key, not this lock, guarantees one row per key.
 */
export function advisoryLocks(connection: MysqlQueries) {
  const held = new Set<string>();
  return {
    async take(id: ScopedKey): Promise<boolean> {
      const name = hashOf(id).digest('base64url');
      if (held.has(name)) return true;
      const [row] = (await resultOf(connection, 'select get_lock(?, 0) as got', [name])) as { got: number }[];
      const got = Number(row?.got) === 1;
      if (got) held.add(name);
      return got;
    },
    async free(): Promise<void> {
      for (const name of held) await connection.query('do release_lock(?)', [name]);
      held.clear();
    },
  };
}
