import type { Clock, Db, JobAttempt, JobWithMetadata, PgBoss } from 'pg-boss';
import {
  affected,
  attachBoss,
  claim,
  giveBack,
  liveQueue,
  NEVER_GIVEN_UP,
  queue,
  startBoss,
} from './boss.ts';
import { isId, type StoredCall, untilOf } from './call.ts';
import type { Database } from './database.ts';
import type { StoredLetter } from './letter.ts';
import type { LastTry } from './result.ts';

/** Calls in any order, calls in the order of their group, and those that are not sent any more. */
export const QUEUES = { calls: 'calls', ordered: 'ordered', dead: 'dead' } as const;
export type LiveQueue = typeof QUEUES.calls | typeof QUEUES.ordered;

/** A call that this process holds: no other process gets it as long as it is touched in time. */
export interface Job {
  readonly id: string;
  readonly queue: LiveQueue;
  /** Which holding of it this is. The engine takes no word from a former one. */
  readonly attempt: JobAttempt;
  readonly call: StoredCall;
  /** Epoch milliseconds, by the database's clock. */
  readonly addedAt: number;
  readonly until: number;
  /** The same two by this process' clock. */
  readonly local: { readonly addedAt: number; readonly until: number };
  readonly last: LastTry | undefined;
  /** Its destination: all of one scope go down and recover together. */
  readonly scope: string;
  /** Before this it is not sent, by this process' clock: others that waited go first. */
  readonly turn: number;
}

/** How a call ended, as its record says it while that is kept. */
export interface Ended {
  readonly outcome: 'done' | 'refused' | 'expired';
}

/** The outbox's steps, in the engine's words. */
export class Engine {
  readonly boss: PgBoss;
  readonly #clock: Clock;
  readonly #schema: string;

  private constructor(boss: PgBoss, clock: Clock, schema: string) {
    this.boss = boss;
    this.#clock = clock;
    this.#schema = schema;
  }

  static async start(
    database: Pick<Database, 'db' | 'kind'>,
    { schema, keep }: { schema: string; keep: number },
    clock: Clock,
    onError: (error: Error) => void,
  ): Promise<Engine> {
    const boss = await startBoss(database, schema, clock, onError);
    const live = liveQueue(keep);
    await queue(boss, QUEUES.calls, live, 'standard');
    await queue(boss, QUEUES.ordered, live, 'key_strict_fifo');
    await queue(boss, QUEUES.dead, { ...NEVER_GIVEN_UP, deleteAfterSeconds: 0 }, 'standard');
    return new Engine(boss, clock, schema);
  }

  /** Looks into an outbox that others keep, and changes nothing of its own accord. @throws Error There is none. */
  static async attach(
    database: Pick<Database, 'db' | 'kind'>,
    schema: string,
    clock: Clock,
  ): Promise<Engine> {
    const boss = await attachBoss(database, schema, clock);
    return new Engine(boss, clock, schema);
  }

  /** @returns false if there is a call with this id, which then stays as it is */
  async insert(db: Db, id: string, call: StoredCall, scope: string): Promise<boolean> {
    const name = queueOf(call);
    const group = call.group !== undefined && { singletonKey: call.group };
    // What the engine calls a group is a destination here: it can leave whole groups out when it takes jobs.
    const sent = await this.boss.send(name, call, { id, db, group: { id: scope }, ...group });
    if (sent === null) return false;
    // The engine orders by when a *transaction* began, which is not the order of `add`.
    if (call.group !== undefined) await db.executeSql(this.#afterOthers(), [id, call.group]);
    return true;
  }

  #afterOthers(): string {
    const job = `${this.#schema}.job`;
    return `update ${job} set created_on = greatest(
        ${this.#schema}.job_now() + (clock_timestamp() - now()),
        (select max(created_on) + interval '1 microsecond' from ${job}
          where name = '${QUEUES.ordered}' and singleton_key = $2 and id <> $1::uuid))
      where name = '${QUEUES.ordered}' and id = $1::uuid`;
  }

  /** Takes up to so many calls that are due, and none to the destinations that rest. */
  async fetch(name: LiveQueue, limit: number, resting: readonly string[]): Promise<Job[]> {
    const before = this.#clock.now();
    const jobs = await this.boss.fetch<StoredCall>(name, {
      batchSize: limit,
      includeMetadata: true,
      ignoreGroups: [...resting],
    });
    return jobs.map((job) => jobOf(name, job, before));
  }

  /** Takes this one call, if it is due and no process holds it. */
  async claim(name: LiveQueue, id: string): Promise<Job | undefined> {
    if (!isId(id)) return undefined;
    const before = this.#clock.now();
    const job = await claim<StoredCall>(this.boss, name, id);
    return job && jobOf(name, job, before);
  }

  /** The record of a call, wherever it stands. */
  find(name: LiveQueue, id: string, db?: Db): Promise<JobWithMetadata<StoredCall> | undefined> {
    return this.#record<StoredCall>(name, id, db);
  }

  /** The dead letter of a call. */
  letter(id: string, db?: Db): Promise<JobWithMetadata<StoredLetter> | undefined> {
    return this.#record<StoredLetter>(QUEUES.dead, id, db);
  }

  async #record<Data>(name: string, id: string, db?: Db): Promise<JobWithMetadata<Data> | undefined> {
    if (!isId(id)) return undefined;
    const [job] = await this.boss.findJobs<Data>(name, { id, ...(db && { db }) });
    return job;
  }

  /** Ends calls. @returns the ids of those that were still held */
  async complete(name: LiveQueue, jobs: readonly Job[], ended: Ended, db?: Db): Promise<ReadonlySet<string>> {
    const attempts = jobs.map(({ attempt }) => attempt);
    return affected(await this.boss.complete(name, attempts, ended, db && { db }));
  }

  /** Gives a call back, to be taken again after so many milliseconds. */
  async postpone(db: Db, job: Job, last: LastTry, wait: number): Promise<void> {
    await giveBack(this.boss, db, job.queue, job.attempt, last, wait);
  }

  /** Puts calls back that were taken just now, as if they had not been. The engine has no word for this. */
  async putBack(db: Db, jobs: readonly Job[]): Promise<void> {
    await db.executeSql(
      `update ${this.#schema}.job set state = 'created', started_on = null, heartbeat_on = null
        where id = any($1::uuid[]) and state = 'active' and (id::text || ':' || retry_count) = any($2::text[])`,
      [jobs.map(({ id }) => id), jobs.map(({ attempt }) => `${attempt.id}:${attempt.retryCount}`)],
    );
  }

  /** Lays a call down among the dead letters, under the same id. */
  async bury(db: Db, { id, scope }: Job, letter: StoredLetter): Promise<void> {
    // There may be one of an earlier call under the same key: only the latest can be replayed.
    await this.boss.deleteJob(QUEUES.dead, id, { db });
    await this.boss.send(QUEUES.dead, letter, { id, db, group: { id: scope } });
  }

  /** Says that this process is still at them. */
  async touch(jobs: readonly Job[]): Promise<void> {
    for (const name of [QUEUES.calls, QUEUES.ordered]) {
      const attempts = jobs.filter(({ queue }) => queue === name).map(({ attempt }) => attempt);
      if (attempts.length > 0) await this.boss.touch(name, attempts);
    }
  }
}

export function queueOf({ group }: Pick<StoredCall, 'group'>): LiveQueue {
  return group === undefined ? QUEUES.calls : QUEUES.ordered;
}

/** The destination that a call was added for. What is older than destinations has none. */
export function scopeOf({ id, groupId }: { readonly id: string; readonly groupId?: string | null }): string {
  return groupId ?? id;
}

/** @param before what this process' clock said before the engine was asked: so a key never ends later than it does */
function jobOf(queue: LiveQueue, job: JobWithMetadata<StoredCall>, before: number): Job {
  const addedAt = job.createdOn.getTime();
  const until = untilOf(job.data, addedAt);
  const ahead = before - job.startedOn.getTime();
  return {
    id: job.id,
    queue,
    attempt: { id: job.id, retryCount: job.retryCount },
    call: job.data,
    addedAt,
    until,
    local: { addedAt: addedAt + ahead, until: until + ahead },
    last: lastOf(job.output),
    scope: scopeOf(job),
    turn: Number(job.groupTier ?? 0) + ahead,
  };
}

/** What the outbox wrote; not what the engine did, of a worker that died. */
export function lastOf(output: unknown): LastTry | undefined {
  const found = typeof output === 'object' && output !== null && 'tries' in output && 'why' in output;
  return found ? (output as LastTry) : undefined;
}
