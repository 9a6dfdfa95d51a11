import { isDeepStrictEqual } from 'node:util';
import type { PGlite } from '@electric-sql/pglite';
import type { Pool } from 'pg';
import type { JobWithMetadata } from 'pg-boss';
import { v5 } from 'uuid';
import { PolicyError } from '../model/errors.ts';
import { nameCheck } from '../once/checks.ts';
import type { Store } from '../once/index.ts';
import { pgliteStore } from '../once/stores/pglite.ts';
import { postgresStore } from '../once/stores/postgres.ts';
import { liveQueue, queue, startBoss } from '../outbox/boss.ts';
import {
  type AdaptedTx,
  engineDb,
  type Installed,
  openDatabase,
  type Target,
  type Tx,
} from '../outbox/database.ts';
import { type EngineRuntime, systemEngineRuntime } from '../outbox/engine-runtime.ts';
import { Hand } from '../outbox/hand.ts';
import { Listeners } from '../outbox/listeners.ts';
import { checkWork, type WorkOptions } from '../outbox/shared-options.ts';
import { isStorable } from '../outbox/storable.ts';
import { Worker } from '../outbox/worker.ts';
import { carryOn, claimJob, fetchJobs, type Job, type Parts, QUEUE } from './carry-on.ts';
import { SagaReusedError, UnknownSagaError } from './errors.ts';
import { checkList, checkSagas, type SagaListOptions, type SagasOptions } from './options.ts';
import type { Saga } from './saga.ts';
import { type SagaState, type SagaStateName, type StoredSaga, stateOf } from './state.ts';

/** The scope of the ids that are made of names. Never change it: sagas in flight would be started a second time. */
const NAMESPACE = 'c5a5a1f2-7f0e-4f57-93a7-6d0b5c1d2e10';

/** What can be listened to: where a saga stands after this process carried it on. */
type SagaEvents = Record<SagaStateName, SagaState> & { error: Error };

/**
 * Opens the sagas of a database: steps that are done all, or in effect not at all, whatever is killed meanwhile.
 *
 * @param target `postgres://…`, a folder for PGlite, or a `pg` Pool or PGlite of yours (an outbox's `db`, too)
 * @throws PolicyError An option is wrong. @throws MissingDriverError pg-boss, or the database's driver, is not installed.
 * @example
 * const sagas = await openSagas('postgres://127.0.0.1/shop', { sagas: [trip], fetch: api });
 * await sagas.transaction((tx) => sagas.start(tx, trip, order.id, { nights: 2 }));
 * const worker = sagas.work();
 */
export async function openSagas(target: Target, options: SagasOptions): Promise<Sagas> {
  return await openSagasOn(target, options, await systemEngineRuntime());
}

/** `openSagas` with time and chance from outside. */
export async function openSagasOn(
  target: Target,
  options: SagasOptions,
  runtime: EngineRuntime,
): Promise<Sagas> {
  const checked = checkSagas(options);
  const database = await openDatabase(target);
  const listeners = new Listeners<SagaEvents>(['whole', 'taken-back', 'forward', 'stuck', 'error']);
  try {
    const boss = await startBoss(database, checked.schema, runtime.clock, (error) => listeners.error(error));
    await queue(boss, QUEUE, liveQueue(checked.keep), 'standard');
    const table = `${checked.schema}.saga_journal`;
    const { client } = database;
    const store: Store = 'exec' in client ? pgliteStore(client, { table }) : postgresStore(client, { table });
    await store.setup();
    return new Sagas({ database, boss, store, table, options: checked, runtime }, listeners);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Sagas, from their start to their end. `openSagas` opens them. */
export class Sagas {
  /** Where the sagas are kept: the `pg` Pool, or the PGlite. */
  readonly db: Installed<Pool> | Installed<PGlite>;
  readonly #parts: Parts;
  readonly #hand: Hand<Job, SagaState>;
  readonly #workers = new Set<Worker<Job>>();
  #closed = false;
  readonly #listeners: Listeners<SagaEvents>;

  /** @internal */
  constructor(parts: Parts, listeners: Listeners<SagaEvents>) {
    this.#parts = parts;
    this.#listeners = listeners;
    this.db = parts.database.client;
    const touch = async (jobs: readonly Job[]) => {
      await parts.boss.touch(
        QUEUE,
        jobs.map(({ attempt }) => attempt),
      );
    };
    this.#hand = new Hand(touch, parts.runtime.clock, this.#onError);
  }

  /** Runs `work` in a transaction of the sagas' own database. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#parts.database.transaction(work);
  }

  /**
   * Starts a saga with your transaction: it is under way from your commit on, and never was if you roll back. The same
   * id again, with the same input, is the same saga.
   *
   * @param id 1 to 200 characters, no control characters
   * @throws SagaReusedError The id was used with another input. @throws TypeError The saga was not given to `openSagas`.
   * @throws PolicyError The id has a control character, or half of a surrogate pair.
   */
  async start<Input>(tx: Tx | AdaptedTx, saga: Saga<Input>, id: string, input: Input): Promise<void> {
    const { boss, options } = this.#parts;
    if (options.sagas.get(saga.name) !== (saga as Saga<unknown>)) {
      throw new TypeError(
        `the saga ${JSON.stringify(saga.name)} must be one of those that openSagas was given`,
      );
    }
    if (typeof id !== 'string' || id.length < 1 || id.length > 200) {
      throw new TypeError(`id must be a string of 1 to 200 characters, got ${typeof id}`);
    }
    // As the journal wants it: found out later, the saga would be under way and could never do a step.
    nameCheck(id, 'id');
    const db = engineDb(tx);
    const stored: StoredSaga = JSON.parse(
      JSON.stringify({ saga: saga.name, id, input: checkInput(input) ?? null }, storable),
    );
    const jobId = jobIdOf(saga.name, id);
    if ((await boss.send(QUEUE, stored, { id: jobId, db })) !== null) return;
    const [there] = await boss.findJobs<StoredSaga>(QUEUE, { id: jobId, db });
    if (there !== undefined && !isDeepStrictEqual(there.data, stored))
      throw new SagaReusedError(saga.name, id);
  }

  /**
   * Carries the saga on at once, after your commit, unless another process is at it or it has to wait.
   * @throws UnknownSagaError There is no such saga: was it committed?
   */
  async now(saga: Pick<Saga<never>, 'name'>, id: string): Promise<SagaState> {
    const jobId = jobIdOf(saga.name, id);
    const job = await claimJob(this.#parts, jobId);
    if (job !== undefined) return await this.#carryOn(job);
    return (await this.#hand.outcomeOf(jobId)) ?? (await this.get(saga, id));
  }

  /** Where a saga stands. @throws UnknownSagaError */
  async get(saga: Pick<Saga<never>, 'name'>, id: string): Promise<SagaState> {
    const [job] = await this.#parts.boss.findJobs<StoredSaga>(QUEUE, { id: jobIdOf(saga.name, id) });
    if (job === undefined) throw new UnknownSagaError(saga.name, id);
    return stateOf(job);
  }

  /**
   * Those that wait to be carried on, the oldest first; or only those that are stuck. Not those that a process is at right now.
   * @throws PolicyError An option is wrong.
   */
  async list(options: SagaListOptions = {}): Promise<SagaState[]> {
    const { stuck, limit } = checkList(options);
    const states: SagaState[] = [];
    for (let after: string | undefined; ; ) {
      const jobs: JobWithMetadata<StoredSaga>[] = await this.#parts.boss.findJobs<StoredSaga>(QUEUE, {
        queued: true,
        limit: 1_000,
        ...(after !== undefined && { after }),
      });
      states.push(...jobs.map(stateOf).filter(({ state }) => !stuck || state === 'stuck'));
      after = jobs.at(-1)?.id;
      if (jobs.length < 1_000 || states.length >= limit) return states.slice(0, limit);
    }
  }

  /** Carries on what is due, here, until it is stopped. @throws PolicyError An option is wrong. */
  work(options: WorkOptions = {}): { stop(): Promise<void> } {
    const checked = checkWork(options);
    if (this.#closed) throw new Error('the sagas are closed');
    const tools = {
      sources: [{ fetch: (limit: number) => fetchJobs(this.#parts, limit), chained: false }],
      take: (job: Job) => this.#carryOn(job),
      clock: this.#parts.runtime.clock,
      onError: this.#onError,
    };
    const worker = new Worker<Job>(tools, checked);
    this.#workers.add(worker);
    return {
      stop: async () => {
        await worker.stop();
        this.#workers.delete(worker);
      },
    };
  }

  /**
   * Calls `listener` whenever this process has carried a saga on, by where it stands then; `'error'`: the database
   * failed. Returns the function that takes it off again.
   */
  on(name: SagaState['state'], listener: (state: SagaState) => unknown): () => void;
  on(name: 'error', listener: (error: Error) => unknown): () => void;
  on<Name extends keyof SagaEvents>(name: Name, listener: (event: SagaEvents[Name]) => unknown): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Stops the workers, finishing what they have in hand, and closes the database if it was opened here. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await this.#hand.idle();
    this.#hand.close();
    await this.#parts.boss.stop({ graceful: false, close: false });
    await this.#parts.database.close();
  }

  #carryOn(job: Job): Promise<SagaState> {
    return this.#hand.hold(job, async () => {
      const { state, held } = await carryOn(this.#parts, job);
      if (held) this.#listeners.tell(state.state, state);
      return state;
    });
  }

  readonly #onError = (error: unknown): void => this.#listeners.error(error);
}

function checkInput(input: unknown): unknown {
  if (typeof input !== 'function' && typeof input !== 'symbol') return input;
  throw new PolicyError('input', `must be what JSON can hold, got a ${typeof input}`);
}

/** What is refused here would be refused by the database, and spoil the caller's transaction. */
function storable(name: string, value: unknown): unknown {
  if (!isStorable(name) || (typeof value === 'string' && !isStorable(value)))
    throw new PolicyError('input', 'must have no strings with NUL or lone surrogates');
  return value;
}

const jobIdOf = (saga: string, id: string) => v5(JSON.stringify([saga, id]), NAMESPACE);
