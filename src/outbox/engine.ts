import type { Clock, Db, JobAttempt, JobWithMetadata, PgBoss } from 'pg-boss';
import { loadDriver } from '../once/stores/driver.ts';
import { type StoredCall, untilOf } from './call.ts';
import type { Database } from './database.ts';
import type { StoredLetter } from './letter.ts';
import type { LastTry } from './result.ts';

/** Calls in any order, calls in the order of their group, and those that nobody sends any more. */
export const QUEUES = { calls: 'calls', ordered: 'ordered', dead: 'dead' } as const;
export type LiveQueue = typeof QUEUES.calls | typeof QUEUES.ordered;

/** A call that this process holds: nobody else has it as long as it is touched in time. */
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
}

/** How a call ended, as its record says it while that is kept. */
export interface Ended {
  readonly outcome: 'done' | 'refused' | 'expired';
}

/**
 * Of a worker that dies, nothing is heard; after so many seconds its calls are somebody else's. The engine's own way,
 * without heartbeats, is a quarter of an hour.
 */
const HEARTBEAT = 30;
export const TOUCH_EVERY = 10_000;
/** No sending lasts longer, in seconds, whatever the client's clocks say. */
const LONGEST_SENDING = 3_600;
/**
 * A job past its retention is *deleted* by the engine, not dead-lettered; and one out of retries is given up. Neither
 * is the engine's to decide here: both are set to what no call lives to see.
 */
const NEVER = { retentionSeconds: 60 * 365 * 86_400, retryLimit: 2_147_483_647 };
/** If it is ever the engine that fails a job (a worker died), it may be taken up again at once. */
const AT_ONCE = { retryDelay: 0, retryBackoff: false };

/** The outbox's steps, in the engine's words. The only file that knows pg-boss. */
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
    { db, kind }: Pick<Database, 'db' | 'kind'>,
    { schema, keep }: { schema: string; keep: number },
    clock: Clock,
    onError: (error: Error) => void,
  ): Promise<Engine> {
    const { PgBoss } = await loadDriver('pg-boss', () => import('pg-boss'));
    const boss = new PgBoss({
      db,
      backend: kind,
      schema,
      clock,
      schedule: false,
      registerInstance: false,
      superviseIntervalSeconds: TOUCH_EVERY / 1_000,
      monitorIntervalSeconds: TOUCH_EVERY / 1_000,
      openTelemetry: { enabled: false },
    });
    boss.on('error', onError);
    await boss.start();
    const live = {
      ...NEVER,
      ...AT_ONCE,
      heartbeatSeconds: HEARTBEAT,
      expireInSeconds: LONGEST_SENDING,
      deleteAfterSeconds: Math.max(1, Math.ceil(keep / 1_000)),
    };
    await queue(boss, QUEUES.calls, live, 'standard');
    await queue(boss, QUEUES.ordered, live, 'key_strict_fifo');
    await queue(boss, QUEUES.dead, { ...NEVER, deleteAfterSeconds: 0 }, 'standard');
    // Fills the engine's own cache of queues. It would ask for it in the middle of a transaction, and PGlite has one connection.
    for (const name of Object.values(QUEUES)) await boss.findJobs(name, { limit: 1 });
    return new Engine(boss, clock, schema);
  }

  /** Looks into an outbox that others keep, and changes nothing of its own accord. @throws Error There is none. */
  static async attach(
    { db, kind }: Pick<Database, 'db' | 'kind'>,
    schema: string,
    clock: Clock,
  ): Promise<Engine> {
    const { PgBoss } = await loadDriver('pg-boss', () => import('pg-boss'));
    const still = { migrate: false, supervise: false, schedule: false, registerInstance: false };
    const boss = new PgBoss({ db, backend: kind, schema, clock, ...still });
    if (!(await boss.isInstalled()))
      throw new Error(`There is no outbox in this database (schema ${schema})`);
    await boss.start();
    return new Engine(boss, clock, schema);
  }

  /** @returns false if there is a call with this id, which then stays as it is */
  async insert(db: Db, id: string, call: StoredCall): Promise<boolean> {
    const name = queueOf(call);
    const group = call.group !== undefined && { singletonKey: call.group };
    const sent = await this.boss.send(name, call, { id, db, ...group });
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

  /** Takes up to so many calls that are due. */
  async fetch(name: LiveQueue, limit: number): Promise<Job[]> {
    const before = this.#clock.now();
    const jobs = await this.boss.fetch<StoredCall>(name, { batchSize: limit, includeMetadata: true });
    return jobs.map((job) => jobOf(name, job, before));
  }

  /**
   * Takes this one call, if it is due and nobody has it. The engine takes jobs by priority and not by id: so the call
   * is given one that no other has.
   */
  async claim(name: LiveQueue, id: string): Promise<Job | undefined> {
    const only = 1 + Math.floor(Math.random() * 2_000_000_000);
    const { updated } = await this.boss.update(name, undefined, { id, priority: only });
    if (updated === 0) return undefined;
    const before = this.#clock.now();
    const [job] = await this.boss.fetch<StoredCall>(name, {
      minPriority: only,
      maxPriority: only,
      includeMetadata: true,
    });
    return job && jobOf(name, job, before);
  }

  /** The record of a call, wherever it stands. */
  async find(name: string, id: string, db?: Db): Promise<JobWithMetadata<StoredCall> | undefined> {
    const [job] = await this.boss.findJobs<StoredCall>(name, { id, ...(db && { db }) });
    return job;
  }

  /** Ends calls. @returns the ids of those that were still held */
  async complete(name: LiveQueue, jobs: readonly Job[], ended: Ended, db?: Db): Promise<ReadonlySet<string>> {
    const attempts = jobs.map(({ attempt }) => attempt);
    return affected(await this.boss.complete(name, attempts, ended, db && { db }));
  }

  /** Gives a call back, to be taken again after so many milliseconds. */
  async postpone(db: Db, job: Job, last: LastTry, wait: number): Promise<void> {
    const held = affected(await this.boss.fail(job.queue, [job.attempt], last, { db }));
    if (held.has(job.id) && wait > 0)
      await this.boss.update(job.queue, undefined, { id: job.id, startAfter: wait / 1_000, db });
  }

  /** Lays a call down among the dead letters, under the same id. */
  async bury(db: Db, id: string, letter: StoredLetter): Promise<void> {
    const sent = await this.boss.send(QUEUES.dead, letter, { id, db });
    if (sent === null) throw new Error(`There is a dead letter ${id} already`);
  }

  /** Says that this process is still at it. */
  async touch(name: LiveQueue, jobs: readonly Job[]): Promise<void> {
    await this.boss.touch(
      name,
      jobs.map(({ attempt }) => attempt),
    );
  }
}

export function queueOf({ group }: Pick<StoredCall, 'group'>): LiveQueue {
  return group === undefined ? QUEUES.calls : QUEUES.ordered;
}

/** Creates a queue, or brings an older one's options up to date. */
async function queue(boss: PgBoss, name: string, options: object, policy: string): Promise<void> {
  const there = await boss.getQueue(name);
  if (there === null) await boss.createQueue(name, { ...options, policy });
  else await boss.updateQueue(name, options);
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
  };
}

/** Which of the jobs the engine found as they were said to be. */
function affected(response: object): ReadonlySet<string> {
  const ids: unknown = Reflect.get(response, 'settled');
  return new Set(Array.isArray(ids) ? (ids as string[]) : []);
}

/** What the outbox wrote; not what the engine did, of a worker that died. */
export function lastOf(output: unknown): LastTry | undefined {
  const found = typeof output === 'object' && output !== null && 'tries' in output && 'why' in output;
  return found ? (output as LastTry) : undefined;
}
