import type { Clock } from 'pg-boss';
import type { Courier } from './courier.ts';
import { type Engine, type Job, type LiveQueue, QUEUES } from './engine.ts';
import type { Hand } from './hand.ts';
import type { Pace } from './pace.ts';

/** What a worker works with. */
export interface WorkerTools {
  readonly engine: Engine;
  readonly courier: Courier;
  readonly hand: Hand;
  readonly paceOf: (job: Job) => Pace;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** A few calls at once cost the database as much as one: so long is waited for more room, in milliseconds. */
const GATHER = 5;

/** A queue, and when it is to be looked into again. */
interface Source {
  readonly queue: LiveQueue;
  nextAt: number;
}

/** Sends what is due, so many at a time, until it is stopped. */
export class Worker {
  readonly #tools: WorkerTools;
  readonly #concurrency: number;
  readonly #poll: number;
  readonly #sources: readonly Source[] = [QUEUES.calls, QUEUES.ordered].map((queue) => ({
    queue,
    nextAt: 0,
  }));
  readonly #loop: Promise<void>;
  readonly #own = new Set<Promise<unknown>>();
  #wakers: (() => void)[] = [];
  #stopped = false;

  constructor(tools: WorkerTools, { concurrency, poll }: { concurrency: number; poll: number }) {
    this.#tools = tools;
    this.#concurrency = concurrency;
    this.#poll = poll;
    this.#loop = this.#run();
  }

  /** Takes no more calls, finishes those it has, and resolves then. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#loop;
    await Promise.allSettled(this.#own);
  }

  async #run(): Promise<void> {
    let gathered = false;
    for (let turn = 0; !this.#stopped; turn += 1) {
      const now = this.#tools.clock.now();
      const room = this.#concurrency - this.#own.size;
      const due = this.#sources.filter(({ nextAt }) => nextAt <= now);
      const source = due[turn % due.length];
      if (source === undefined) {
        await this.#pause(Math.min(...this.#sources.map(({ nextAt }) => nextAt)) - now);
      } else if (room === 0) {
        await this.#pause(undefined);
      } else if (room < this.#concurrency / 2 && !gathered) {
        await this.#pause(GATHER);
        gathered = true;
      } else {
        gathered = false;
        const jobs = await this.#fetch(source, room);
        for (const job of jobs) this.#take(job, source);
      }
    }
  }

  async #fetch(source: Source, room: number): Promise<readonly Job[]> {
    const { engine, clock, onError } = this.#tools;
    // Fewer than asked for: there is no more just now.
    source.nextAt = clock.now() + this.#poll;
    try {
      const jobs = await engine.fetch(source.queue, room);
      if (jobs.length === room) source.nextAt = 0;
      return jobs;
    } catch (error) {
      if (!this.#stopped) onError(error);
      return [];
    }
  }

  #take(job: Job, source: Source): void {
    const { courier, hand, paceOf, clock, onError } = this.#tools;
    const work = hand.hold(job, async () => {
      const now = clock.now();
      const wait = now >= job.local.until ? 0 : paceOf(job).admit(job.local, now);
      if (wait > 0) {
        await courier.postpone(job, wait);
        return undefined;
      }
      if (now >= job.local.until) paceOf(job).begin();
      const result = await courier.deliver(job);
      // Who listens has begun to read by now, if at all; what nobody reads would hold the connection.
      if (result.response?.bodyUsed === false) result.response.body?.cancel().catch(() => {});
      return result;
    });
    const done: Promise<unknown> = work.catch(onError).finally(() => {
      this.#own.delete(done);
      // The next of its group is due.
      if (source.queue === QUEUES.ordered) source.nextAt = 0;
      this.#wake();
    });
    this.#own.add(done);
  }

  /** Until something happens, or the time is over. */
  #pause(ms: number | undefined): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    const { clock } = this.#tools;
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : clock.setTimeout(() => this.#wake(), ms);
      this.#wakers.push(() => {
        if (timer !== undefined) clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}
