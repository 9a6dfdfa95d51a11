import type { Db } from 'pg-boss';
import { once, type Store } from '../once/index.ts';

/** What a saga has done, kept so that it is not done again. */
export interface Journal {
  /** The value of an entry that was finished before; undefined if there is none. */
  find<T>(entry: string): Promise<{ readonly value: T } | undefined>;
  /** Runs `effect` unless the entry is finished, and keeps what it returned. Two at once: the second is refused. */
  once<T>(entry: string, effect: () => T | Promise<T>): Promise<T>;
}

/** Longer than any saga: an undo is tried for ever, and what was done before must not be forgotten meanwhile. */
const LIFETIME = 36_525 * 86_400_000;
/** How long another process is kept away from a step whose process died. As long as the engine takes to notice. */
const LEASE = 30_000;

class Unfinished extends Error {}

/** The journal of one saga: `once`, in the saga's own scope. */
export function journalOf(store: Store, saga: string, id: string): Journal {
  const scope = { operation: `saga ${saga}`, tenant: id };
  const terms = { scope, lifetime: LIFETIME, lease: LEASE };
  return {
    async find<T>(entry: string) {
      try {
        // An effect that throws leaves no trace: so this finds what is there, and adds nothing.
        const { value } = await once<Store, T>(store, { ...terms, key: entry }, () => {
          throw new Unfinished();
        });
        return { value };
      } catch (error) {
        if (error instanceof Unfinished) return undefined;
        throw error;
      }
    },
    async once(entry, effect) {
      return (await once(store, { ...terms, key: entry }, effect)).value;
    },
  };
}

/** Lets the entries of a saga that is over expire with its record. */
export async function closeJournal(
  db: Db,
  table: string,
  saga: string,
  id: string,
  keep: number,
): Promise<void> {
  await db.executeSql(
    `update ${table} set expires_at = statement_timestamp() + $2 * interval '1 ms' where scope = $1`,
    [JSON.stringify([`saga ${saga}`, id]), keep],
  );
}
