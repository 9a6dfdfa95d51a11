import { randomInt } from 'node:crypto';
import type { Clock, Db, JobAttempt, JobWithMetadata, PgBoss } from 'pg-boss';
import { loadDriver } from '../once/stores/driver.ts';
import type { Database } from './database.ts';

/**
 * Of a worker that dies, nothing is heard; after so many seconds other workers get its jobs. The engine's own way,
 * without heartbeats, is a quarter of an hour.
 */
const HEARTBEAT = 30;
/** In milliseconds. */
export const TOUCH_EVERY = 10_000;
/** No job is held longer, in seconds. */
const LONGEST_HOLD = 3_600;

/**
 * A job past its retention is *deleted* by the engine, not dead-lettered; and one that is out of retries is given up.
 * Neither is the engine's to decide here: both are set to what no job lives to see.
 */
export const NEVER_GIVEN_UP = { retentionSeconds: 60 * 365 * 86_400, retryLimit: 2_147_483_647 };

/** A queue whose jobs are done by processes that may die. @param keep milliseconds for which a record stays */
export function liveQueue(keep: number) {
  return {
    ...NEVER_GIVEN_UP,
    // If it is ever the engine that fails a job (a worker died), it may be taken up again at once.
    retryDelay: 0,
    retryBackoff: false,
    heartbeatSeconds: HEARTBEAT,
    expireInSeconds: LONGEST_HOLD,
    deleteAfterSeconds: Math.max(1, Math.ceil(keep / 1_000)),
  };
}

/** Starts the engine, with its schema in place. */
export async function startBoss(
  { db, kind }: Pick<Database, 'db' | 'kind'>,
  schema: string,
  clock: Clock,
  onError: (error: Error) => void,
): Promise<PgBoss> {
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
  return boss;
}

/** The engine as others run it, for a look. @throws Error There is none. */
export async function attachBoss(
  { db, kind }: Pick<Database, 'db' | 'kind'>,
  schema: string,
  clock: Clock,
): Promise<PgBoss> {
  const { PgBoss } = await loadDriver('pg-boss', () => import('pg-boss'));
  const still = { migrate: false, supervise: false, schedule: false, registerInstance: false };
  const boss = new PgBoss({ db, backend: kind, schema, clock, ...still });
  if (!(await boss.isInstalled())) throw new Error(`There is no outbox in this database (schema ${schema})`);
  await boss.start();
  return boss;
}

/** Creates a queue, or brings an older one's options up to date. */
export async function queue(boss: PgBoss, name: string, options: object, policy: string): Promise<void> {
  const there = await boss.getQueue(name);
  if (there === null) await boss.createQueue(name, { ...options, policy });
  else await boss.updateQueue(name, options);
  // Fills the engine's own cache of queues. It would ask for it in the middle of a transaction, and PGlite has one connection.
  await boss.findJobs(name, { limit: 1 });
}

/**
 * Takes this one job, if it is due and no process holds it. The engine takes jobs by priority and not by id: so the job is
 * given a priority that no other has.
 */
export async function claim<Data>(
  boss: PgBoss,
  name: string,
  id: string,
): Promise<JobWithMetadata<Data> | undefined> {
  const only = randomInt(1, 2_000_000_000);
  const { updated } = await boss.update(name, undefined, { id, priority: only });
  if (updated === 0) return undefined;
  const [job] = await boss.fetch<Data>(name, {
    minPriority: only,
    maxPriority: only,
    includeMetadata: true,
  });
  return job;
}

/** Gives a job back, to be taken again after so many milliseconds. @returns whether this process still held it */
export async function giveBack(
  boss: PgBoss,
  db: Db,
  name: string,
  attempt: JobAttempt,
  output: object,
  wait: number,
): Promise<boolean> {
  if (!affected(await boss.fail(name, [attempt], output, { db })).has(attempt.id)) return false;
  // One that was claimed has a priority that no other has, and would always go first.
  await boss.update(name, undefined, { id: attempt.id, startAfter: wait / 1_000, priority: 0, db });
  return true;
}

/** Which of the jobs the engine found as they were said to be. */
export function affected(response: object): ReadonlySet<string> {
  const ids: unknown = Reflect.get(response, 'settled');
  return new Set(Array.isArray(ids) ? (ids as string[]) : []);
}
