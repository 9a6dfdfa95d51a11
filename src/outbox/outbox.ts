import type { PGlite } from '@electric-sql/pglite';
import type { Pool } from 'pg';
import { fail } from '../options/checks.ts';
import { type Call, handleOf } from './call.ts';
import { Courier } from './courier.ts';
import {
  type AdaptedTx,
  type Database,
  engineDb,
  type Installed,
  type OpenTx,
  openDatabase,
  type Target,
  type Tx,
} from './database.ts';
import { type DeadLetters, deadLetters } from './dead.ts';
import { Destinations } from './destinations.ts';
import { type Ended, Engine, type Job, type LiveQueue, lastOf, QUEUES, queueOf } from './engine.ts';
import { type EngineRuntime, systemEngineRuntime } from './engine-runtime.ts';
import { CallReusedError, UnknownCallError } from './errors.ts';
import { OUTBOX_EVENTS, type OutboxEvents } from './events.ts';
import { Hand } from './hand.ts';
import { allowList } from './headers.ts';
import { Listeners } from './listeners.ts';
import { type CallInit, type CheckedOutbox, checkOutbox, checkScope, type OutboxOptions } from './options.ts';
import { isSame, prepareCall } from './prepare-call.ts';
import type { Result } from './result.ts';
import { type FindKey, keyTerms } from './rules.ts';
import { checkWork, type WorkOptions } from './shared-options.ts';
import { type OutboxStats, statsOf } from './stats.ts';
import { Worker } from './worker.ts';

/** A worker that sends what is due. */
export interface OutboxWorker {
  /** Takes no more calls, finishes those it has in hand, and resolves then. */
  stop(): Promise<void>;
}

/**
 * Opens an outbox: calls that are committed together with the work that owes them, and made now or later, with the same
 * key, until they are answered or their key ends.
 *
 * @param target `postgres://…`, a folder for PGlite, or a `pg` Pool or PGlite of yours
 * @throws PolicyError An option is wrong. @throws MissingDriverError pg-boss, or the database's driver, is not installed.
 * @example
 * const outbox = await openOutbox('postgres://127.0.0.1/shop', { fetch: api });
 * const call = await outbox.transaction(async (tx) => {
 *   await tx.query('insert into orders (id) values ($1)', [order.id]);
 *   return outbox.add(tx, 'https://api.pay.example/v1/charges', { method: 'POST', body, idempotencyKey: order.id });
 * });
 * const { outcome } = await outbox.now(call);
 */
export async function openOutbox(target: Target, options: OutboxOptions): Promise<Outbox> {
  return await openOutboxOn(target, options, await systemEngineRuntime());
}

/** `openOutbox` with time and chance from outside. */
export async function openOutboxOn(
  target: Target,
  options: OutboxOptions,
  runtime: EngineRuntime,
): Promise<Outbox> {
  const checked = checkOutbox(options);
  const allowed = allowList(checked.headers ?? []);
  const findKey = keyTerms(checked.rules ?? {});
  const database = await openDatabase(target);
  const listeners = new Listeners<OutboxEvents>(OUTBOX_EVENTS);
  try {
    const engine = await Engine.start(database, checked, runtime.clock, (error) => listeners.error(error));
    return new Outbox({ database, engine, options: checked, listeners, allowed, findKey, runtime });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Parts {
  readonly database: Database;
  readonly engine: Engine;
  readonly options: CheckedOutbox;
  readonly listeners: Listeners<OutboxEvents>;
  readonly allowed: ReadonlySet<string>;
  readonly findKey: FindKey;
  readonly runtime: EngineRuntime;
}

/** Calls that are owed, until they are paid. `openOutbox` opens one. */
export class Outbox {
  /** Where the calls are kept: the `pg` Pool, or the PGlite. */
  readonly db: Installed<Pool> | Installed<PGlite>;
  /** The calls that were refused, or whose key ended. */
  readonly dead: DeadLetters;
  readonly #parts: Parts;
  readonly #courier: Courier;
  readonly #hand: Hand<Job, Result>;
  readonly #destinations: Destinations;
  readonly #workers = new Set<Worker<Job>>();
  #closed = false;

  /** @internal */
  constructor(parts: Parts) {
    this.#parts = parts;
    const { database, engine, runtime } = parts;
    this.db = database.client;
    this.dead = deadLetters(engine, database, () => runtime.clock.now());
    this.#hand = new Hand((jobs) => engine.touch(jobs), runtime.clock, this.#onError);
    this.#courier = new Courier({ ...parts, ...runtime });
    const onRoom = () => {
      for (const worker of this.#workers) worker.look();
    };
    this.#destinations = new Destinations({ ...parts, ...runtime, onError: this.#onError, onRoom });
  }

  /** Runs `work` in a transaction of the outbox's own database. */
  transaction<T>(work: (tx: OpenTx) => Promise<T>): Promise<T> {
    return this.#parts.database.transaction(work);
  }

  /**
   * Adds a call to your transaction: it is owed from your commit on, and never was if you roll back. The same key
   * again, for the same call, gives the call that is there.
   *
   * @param tx a transaction of `pg` or PGlite, or what pg-boss' `fromDrizzle`, `fromKnex`, `fromKysely`, `fromPrisma` make
   * @throws PolicyError, TypeError Something about the call is wrong. @throws CallReusedError The key is another call's.
   */
  async add(tx: Tx | AdaptedTx, url: string | URL, init: CallInit = {}): Promise<Call> {
    const { engine, options, allowed, findKey } = this.#parts;
    const db = engineDb(tx);
    const { id, call } = await prepareCall(url, init, options, allowed, findKey);
    const handle = handleOf(id, call);
    if (!(await engine.insert(db, id, call, checkScope(options.scope(handle))))) {
      const there = await engine.find(queueOf(call), id, db);
      if (there !== undefined && !isSame(there.data, call)) throw new CallReusedError(id);
    }
    return handle;
  }

  /**
   * Sends the call at once, after your commit, unless another process sends it now or it has to wait. What it comes to is
   * recorded as a worker would; `'later'` leaves it to one. The response is yours to read.
   *
   * @throws UnknownCallError The call is not in the outbox: was it committed?
   */
  async now(call: Pick<Call, 'id' | 'group'>): Promise<Result> {
    const { engine } = this.#parts;
    if (typeof Object(call).id !== 'string') return fail('call', 'what add returned, or { id, group }', call);
    const queue = queueOf(call);
    const job = await engine.claim(queue, call.id);
    if (job === undefined) return (await this.#hand.outcomeOf(call.id)) ?? (await this.#lookUp(call));
    const pace = this.#destinations.paceOf(job.scope);
    return await this.#hand.hold(job, () => this.#courier.deliver(job, pace));
  }

  /** Sends what is due, here, until it is stopped. @throws PolicyError An option is wrong. */
  work(options: WorkOptions = {}): OutboxWorker {
    const { concurrency, poll } = checkWork(options);
    if (this.#closed) throw new Error('the outbox is closed');
    const { runtime } = this.#parts;
    const tools = {
      sources: [
        { fetch: (limit: number) => this.#fetch(QUEUES.calls, limit), chained: false },
        // The next of a group is due when one of them ends.
        { fetch: (limit: number) => this.#fetch(QUEUES.ordered, limit), chained: true },
        { fetch: (limit: number) => this.#destinations.fromResting(limit), chained: false },
      ],
      take: this.#take,
      clock: runtime.clock,
      onError: this.#onError,
    };
    const worker = new Worker(tools, { concurrency, poll });
    this.#workers.add(worker);
    this.#destinations.concurrency += concurrency;
    return {
      stop: async () => {
        await worker.stop();
        if (this.#workers.delete(worker)) this.#destinations.concurrency -= concurrency;
      },
    };
  }

  /** Calls `listener` on each event of that name in this process. Returns the function that takes it off again. */
  on<Name extends keyof OutboxEvents>(
    name: Name,
    listener: (event: OutboxEvents[Name]) => unknown,
  ): () => void {
    return this.#parts.listeners.on(name, listener);
  }

  /** Counts and ages, for a dashboard. */
  stats(): Promise<OutboxStats> {
    return statsOf(this.#parts.database.db, this.#parts.options.schema);
  }

  /** Stops the workers, finishing what they have in hand, and closes the database if it was opened here. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await this.#hand.idle();
    this.#hand.close();
    await this.#parts.engine.boss.stop({ graceful: false, close: false });
    await this.#parts.database.close();
  }

  async #lookUp({ id, group }: Pick<Call, 'id' | 'group'>): Promise<Result> {
    const job = await this.#parts.engine.find(queueOf({ ...(group !== undefined && { group }) }), id);
    if (job === undefined) throw new UnknownCallError(id);
    const call = handleOf(id, job.data);
    if (job.state === 'completed') {
      const { outcome } = job.output as Ended;
      const letter = outcome === 'done' ? undefined : await this.dead.get(id);
      return { call, outcome, ...(letter && { last: letter.last }) };
    }
    const last = lastOf(job.output);
    return { call, outcome: 'later', ...(last && { last }), notBefore: job.startAfter.getTime() };
  }

  /** Takes calls that are due, and puts back those whose destination takes no more just now. */
  async #fetch(queue: LiveQueue, limit: number): Promise<Job[]> {
    const { database, engine, runtime } = this.#parts;
    const jobs = await engine.fetch(queue, limit, this.#destinations.resting());
    const now = runtime.clock.now();
    for (const job of jobs) if (job.turn > now) await this.#courier.postpone(job);
    const { go, stay } = this.#destinations.admit(jobs.filter(({ turn }) => turn <= now));
    if (stay.length > 0) await engine.putBack(database.db, stay);
    return go;
  }

  /** What a worker does with a call that it was given. */
  readonly #take = (job: Job, free: () => void): Promise<Result> =>
    this.#hand.hold(job, async () => {
      const result = await this.#courier.deliver(job, this.#destinations.paceOf(job.scope), free);
      // A listener has begun to read by now, if at all; an unread body would hold the connection.
      if (result.response?.bodyUsed === false) result.response.body?.cancel().catch(() => {});
      return result;
    });

  readonly #onError = (error: unknown): void => this.#parts.listeners.error(error);
}
