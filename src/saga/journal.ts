import type { Db } from 'pg-boss';
import { InProgressError, once, type Store } from '../once/index.ts';

/** What a saga has done, kept so that it is not done again. */
export interface Journal {
  /** The value of an entry that was finished before; undefined if there is none. @throws BusyError */
  find<T>(entry: string): Promise<{ readonly value: T } | undefined>;
  /** Runs `effect` unless the entry is finished, and keeps what it returned. @throws BusyError */
  once<T>(entry: string, effect: () => T | Promise<T>): Promise<T>;
}

/** Longer than any saga: an undo is tried for ever, and what was done before must not be forgotten meanwhile. */
const LIFETIME = 36_525 * 86_400_000;
/** How long another process is kept away from a step whose process died. As long as the engine takes to notice. */
const LEASE = 30_000;

class Unfinished extends Error {}

/** Another process is at this entry, or was when it died, and its lease is not over: the saga has to wait. */
export class BusyError extends Error {
  /** Milliseconds. */
  readonly wait: number;

  constructor({ retryAfter }: InProgressError) {
    super('another process is at this saga');
    this.wait = retryAfter;
  }
}

/** The journal of one saga: `once`, in the saga's own scope. */
export function journalOf(store: Store, saga: string, id: string): Journal {
  const scope = { operation: `saga ${saga}`, tenant: id };
  const terms = { scope, lifetime: LIFETIME, lease: LEASE };
  /** Of an error that the effect throws nothing is kept, and the error is passed on. */
  const entryOf = async <T>(entry: string, effect: () => T | Promise<T>): Promise<T> => {
    let begun = false;
    const begin = () => {
      begun = true;
      return effect();
    };
    try {
      return (await once<Store, T>(store, { ...terms, key: entry }, begin)).value;
    } catch (error) {
      if (!begun && error instanceof InProgressError) throw new BusyError(error);
      throw error;
    }
  };
  return {
    async find<T>(entry: string) {
      try {
        // An effect that throws leaves no trace: so this finds what is there, and adds nothing.
        return {
          value: await entryOf<T>(entry, () => {
            throw new Unfinished();
          }),
        };
      } catch (error) {
        if (error instanceof Unfinished) return undefined;
        throw error;
      }
    },
    once: entryOf,
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
