import { createHash } from 'node:crypto';
import type { ScopedKey } from '../store.ts';

/** The form of a result, whatever the options of the pool say. */
export const AS_WE_READ = { rowsAsArray: false, nestTables: false, typeCast: true } as const;

/** The member of a connection that the locks use. */
interface Session {
  query(
    sql: string | ({ sql: string } & typeof AS_WE_READ),
    values?: unknown[],
  ): Promise<[rows: unknown, fields: unknown]>;
}

/** SHA-256 of scope and key, because both as text would be too long for an index. */
export const hashOf = ({ scope, key }: ScopedKey) =>
  createHash('sha256').update(JSON.stringify([scope, key]));

/**
 * Advisory locks on keys, held while a claim may be uncommitted. A duplicate then finds the lock taken and returns at once,
 * instead of waiting for that transaction. The primary key, not this lock, guarantees one row per key.
 */
export function advisoryLocks(connection: Session) {
  const held = new Set<string>();
  return {
    async take(id: ScopedKey): Promise<boolean> {
      const name = hashOf(id).digest('base64url');
      if (held.has(name)) return true;
      const [rows] = await connection.query({ sql: 'select get_lock(?, 0) as got', ...AS_WE_READ }, [name]);
      const got = Number((rows as { got: number }[])[0]?.got) === 1;
      if (got) held.add(name);
      return got;
    },
    async free(): Promise<void> {
      for (const name of held) await connection.query('do release_lock(?)', [name]);
      held.clear();
    },
  };
}
