import type { JobWithMetadata } from 'pg-boss';
import { type Checks, fail, isPlainObject, members, only } from '../options/checks.ts';
import { type Call, handleOf, isId, untilOf } from './call.ts';
import { type Database, engineDb } from './database.ts';
import { type Engine, QUEUES, queueOf, scopeOf } from './engine.ts';
import { CallExpiredError, UnknownCallError } from './errors.ts';
import type { StoredLetter } from './letter.ts';
import type { LastTry } from './result.ts';
import { listed } from './shared-options.ts';

/** A call that is not sent any more. It stays until a person replays or discards it. */
export interface DeadLetter {
  /** The call; its `id` is what `replay` and `discard` take. */
  readonly call: Call;
  /** `'refused'`: a final answer, or a call that can't be made. `'expired'`: its key has ended. */
  readonly reason: 'refused' | 'expired';
  /** When it was added, in epoch milliseconds. */
  readonly addedAt: number;
  /** When it came to its end, in epoch milliseconds. */
  readonly at: number;
  /** When its key ends, in epoch milliseconds. */
  readonly until: number;
  /** The last sending. `delivery: 'unknown'` means that the work may have been done. */
  readonly last: LastTry;
}

/** Which of the dead letters. */
export interface ListOptions {
  /**
   * 1 to 100,000.
   * @default 1000
   */
  readonly limit?: number;
  /** The id of the last one of the page before. */
  readonly after?: string;
}

/** The calls that were refused, or whose key ended, for a person to look at. */
export interface DeadLetters {
  /** The oldest first. @throws PolicyError An option is wrong. */
  list(options?: ListOptions): Promise<DeadLetter[]>;
  /** One dead letter, by the id of its call; undefined: there is none. */
  get(id: string): Promise<DeadLetter | undefined>;
  /**
   * Puts the call back into the queue, with the same id and the same key.
   * @throws CallExpiredError its key has ended. @throws UnknownCallError there is no such dead letter.
   */
  replay(id: string): Promise<Call>;
  /** Forgets the call. @returns false if there is no such dead letter */
  discard(id: string): Promise<boolean>;
}

const listChecks: Checks<Required<ListOptions>> = {
  limit: listed,
  after: only(
    'the id of a dead letter',
    (value): value is string => typeof value === 'string' && isId(value),
  ),
};

export function deadLetters(engine: Engine, database: Database, now: () => number): DeadLetters {
  const { boss } = engine;
  return {
    async list(options = {}) {
      if (!isPlainObject(options)) return fail('options', 'a plain object', options);
      const page = members(options, '', '', listChecks, []);
      return (await boss.findJobs<StoredLetter>(QUEUES.dead, page)).map(letterOf);
    },
    async get(id) {
      const job = await engine.letter(id);
      return job && letterOf(job);
    },
    async replay(id) {
      return await database.transaction(async (tx) => {
        const db = engineDb(tx);
        const job = await engine.letter(id, db);
        if (job === undefined) throw new UnknownCallError(id);
        const { call, addedAt } = job.data;
        const until = untilOf(call, addedAt);
        if (now() >= until) throw new CallExpiredError(id, until);
        // Of two who replay it at once, one finds the dead letter gone; and the record of its end would be in the way.
        await boss.deleteJob(QUEUES.dead, id, { db });
        await boss.deleteJob(queueOf(call), id, { db });
        if (!(await engine.insert(db, id, call, scopeOf(job)))) throw new UnknownCallError(id);
        return handleOf(id, call);
      });
    },
    async discard(id) {
      if ((await engine.letter(id)) === undefined) return false;
      await boss.deleteJob(QUEUES.dead, id);
      return true;
    },
  };
}

function letterOf({ id, data }: JobWithMetadata<StoredLetter>): DeadLetter {
  const { call, reason, addedAt, at, last } = data;
  return { call: handleOf(id, call), reason, addedAt, at, until: untilOf(call, addedAt), last };
}
