import type { Db } from 'pg-boss';
import { ASK_AGAIN } from '../once/claim-and-run.ts';
import { InProgressError, once, type Store } from '../once/index.ts';
import { scopedKey } from '../once/scoped-key.ts';
import { decode } from '../once/value.ts';

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

/** Another process is at this entry, or was when it died, and its lease is not over: the saga has to wait. */
export class BusyError extends Error {
  /** Milliseconds. */
  readonly wait: number;

  constructor(wait: number) {
    super('another process is at this saga');
    this.wait = wait;
  }
}

/** Where the journals are. */
export interface Journals {
  readonly store: Store;
  readonly db: Db;
  readonly table: string;
}

/** The journal of one saga: `once`, in the saga's own scope. What is in it is read once, in one statement. */
export function journalOf(journals: Journals, saga: string, id: string): Journal {
  const scope = { operation: `saga ${saga}`, tenant: id };
  const terms = { scope, lifetime: LIFETIME, lease: LEASE };
  let entries: Promise<Map<string, Entry>> | undefined;
  const read = () => {
    entries ??= entriesOf(journals, saga, id);
    return entries;
  };
  return {
    async find<T>(entry: string) {
      const found = (await read()).get(entry);
      if (found === undefined) return undefined;
      if ('wait' in found) throw new BusyError(found.wait);
      return found as { value: T };
    },
    /** Of an error that the effect throws nothing is kept, and the error is passed on. */
    async once<T>(entry: string, effect: () => T | Promise<T>) {
      let begun = false;
      const begin = () => {
        begun = true;
        return effect();
      };
      try {
        const { value } = await once<Store, T>(journals.store, { ...terms, key: entry }, begin);
        (await read()).set(entry, { value });
        return value;
      } catch (error) {
        if (!begun && error instanceof InProgressError) throw new BusyError(error.retryAfter);
        throw error;
      }
    },
  };
}

/** Finished, or another process' for so many milliseconds. */
type Entry = { readonly value: unknown } | { readonly wait: number };

/** Those of an earlier saga of this id have ended with its record, whether or not they have been removed. */
async function entriesOf({ db, table }: Journals, saga: string, id: string): Promise<Map<string, Entry>> {
  const { rows } = await db.executeSql(
    `select key, result, lease_until is null as done,
        extract(epoch from lease_until - statement_timestamp())::float8 * 1000 as wait
      from ${table} where scope = $1 and expires_at > statement_timestamp()`,
    [scopeOf(saga, id)],
  );
  const entries = new Map<string, Entry>();
  for (const { key, result, done, wait } of rows as Row[]) {
    // One whose lease has run out is free.
    if (done && result !== null) entries.set(key, { value: decode(result) });
    else if (wait > 0) entries.set(key, { wait: Math.min(wait, ASK_AGAIN) });
  }
  return entries;
}

interface Row {
  readonly key: string;
  readonly result: Uint8Array | null;
  readonly done: boolean;
  readonly wait: number;
}

/** As `once` writes it. */
const scopeOf = (saga: string, id: string) => scopedKey({ operation: `saga ${saga}`, tenant: id }, '').scope;

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
    [scopeOf(saga, id), keep],
  );
}
