import type { JobAttempt, JobWithMetadata, PgBoss } from 'pg-boss';
import type { Store } from '../once/index.ts';
import { affected, claim, giveBack } from '../outbox/boss.ts';
import { type Database, engineDb } from '../outbox/database.ts';
import type { EngineRuntime } from '../outbox/engine-runtime.ts';
import { advance, type Standing } from './advance.ts';
import { Caller } from './caller.ts';
import { MissingStepError } from './errors.ts';
import { BusyError, closeJournal, journalOf } from './journal.ts';
import type { CheckedSagas } from './options.ts';
import { type Remembered, rememberedOf, type SagaState, type StoredSaga } from './state.ts';

export const QUEUE = 'sagas';
/** So many sagas end, and the entries of those that ended long ago are removed. */
const PURGE_EVERY = 20;

/** A saga that this process holds. */
export interface Job {
  readonly id: string;
  readonly attempt: JobAttempt;
  readonly stored: StoredSaga;
  readonly startedAt: number;
  /** How long ago it was started, by the database's clock: those of the processes may differ, or be set. */
  readonly age: () => number;
  readonly remembered: Remembered | undefined;
}

/** What sagas are made of. */
export interface Parts {
  readonly database: Database;
  readonly boss: PgBoss;
  readonly store: Store;
  readonly table: string;
  readonly options: CheckedSagas;
  readonly runtime: EngineRuntime;
}

/** Takes what is due. */
export async function fetchJobs({ boss }: Parts, limit: number): Promise<Job[]> {
  return (await boss.fetch<StoredSaga>(QUEUE, { batchSize: limit, includeMetadata: true })).map(jobOf);
}

/** Takes this one saga, if it is due and no process is at it. */
export async function claimJob({ boss }: Parts, id: string): Promise<Job | undefined> {
  const job = await claim<StoredSaga>(boss, QUEUE, id);
  return job && jobOf(job);
}

function jobOf(job: JobWithMetadata<StoredSaga>): Job {
  return {
    id: job.id,
    attempt: { id: job.id, retryCount: job.retryCount },
    stored: job.data,
    startedAt: job.createdOn.getTime(),
    age: ageOf(job),
    remembered: rememberedOf(job.output),
  };
}

function ageOf({ createdOn, startedOn }: JobWithMetadata): () => number {
  const taken = performance.now();
  return () => startedOn.getTime() - createdOn.getTime() + performance.now() - taken;
}

/** Carries a saga on as far as it goes now, and records where it stands. Not `held`: another process has taken it meanwhile. */
export async function carryOn(parts: Parts, job: Job): Promise<{ state: SagaState; held: boolean }> {
  const { next, wait } = await proceed(parts, job);
  const held = wait === undefined ? await end(parts, job, next) : await postpone(parts, job, next, wait);
  const state: SagaState = {
    ...next,
    saga: job.stored.saga,
    id: job.stored.id,
    startedAt: job.startedAt,
    ...(wait !== undefined && { notBefore: parts.runtime.clock.now() + wait }),
  };
  return { state, held };
}

/** What is to be remembered, and after how many milliseconds the saga is carried on again; undefined: it is over. */
async function proceed(parts: Parts, job: Job): Promise<{ next: Remembered; wait?: number }> {
  try {
    const standing = await standingOf(parts, job);
    const tries = (job.remembered?.tries ?? 0) + 1;
    const next = { ...factsOf(standing), tries };
    if (standing.state === 'whole' || standing.state === 'taken-back') return { next };
    return { next, wait: pause(parts, tries, standing) };
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    // The saga stays as it was. What the other process did is in the journal when its lease is over.
    return { next: job.remembered ?? { state: 'forward' }, wait: error.wait };
  }
}

async function standingOf(
  { options, store, table, database, runtime }: Parts,
  { stored, age, remembered }: Job,
): Promise<Standing> {
  const saga = options.sagas.get(stored.saga);
  if (saga === undefined) {
    const error = new MissingStepError(`the code does not have the saga ${stored.saga}`);
    return { state: 'stuck', step: '', direction: 'run', delivery: 'not-sent', error };
  }
  const earlier =
    remembered?.step !== undefined && remembered.delivery !== undefined
      ? { step: remembered.step, delivery: remembered.delivery }
      : undefined;
  return await advance({
    saga,
    id: stored.id,
    input: stored.input,
    journal: journalOf({ store, table, db: database.db }, saga.name, stored.id),
    callerOf: (step, refusals) => new Caller(options, step, refusals, runtime.clock),
    isOverdue: () => age() >= saga.patience,
    earlier,
  });
}

async function end(
  { boss, database, table, store, options, runtime }: Parts,
  { attempt, stored, id }: Job,
  next: Remembered,
): Promise<boolean> {
  const held = await database.transaction(async (tx) => {
    const db = engineDb(tx);
    if (!affected(await boss.complete(QUEUE, [attempt], next, { db })).has(id)) return false;
    await closeJournal(db, table, stored.saga, stored.id, options.keep);
    return true;
  });
  // Now and then is enough: each saga that ends leaves few entries.
  if (runtime.random() < 1 / PURGE_EVERY) await store.purge(100 * PURGE_EVERY);
  return held;
}

async function postpone(
  { boss, database }: Parts,
  { attempt }: Job,
  next: Remembered,
  wait: number,
): Promise<boolean> {
  return await database.transaction((tx) => giveBack(boss, engineDb(tx), QUEUE, attempt, next, wait));
}

/** What a service, or a key of the step's own, asked for is a floor, with the jitter on top. */
function pause({ options, runtime }: Parts, tries: number, standing: Standing): number {
  const { base, cap } = options.backoff;
  const error = 'error' in standing ? Object(standing.error) : {};
  const asked = Number(Reflect.get(error, 'wait') ?? Reflect.get(error, 'retryAfter') ?? 0);
  return asked + runtime.random() * Math.min(cap, base * 2 ** Math.min(tries - 1, 30));
}

function factsOf(standing: Standing): Remembered {
  if (!('error' in standing)) return standing;
  const { error, ...facts } = standing;
  const { name, code, status } = Object(error) as { name?: unknown; code?: unknown; status?: unknown };
  return {
    ...facts,
    error: { name: typeof name === 'string' ? name : 'Error', ...(typeof code === 'string' && { code }) },
    ...(typeof status === 'number' && { status }),
  };
}
