import type { Clock } from 'pg-boss';

/** Where a worker's jobs come from. */
export interface Source<J> {
  /** Takes up to so many jobs that are due. */
  fetch(limit: number): Promise<readonly J[]>;
  /** Whether the end of one job makes another due. */
  readonly chained: boolean;
}

/** What a worker works with. */
export interface WorkerTools<J> {
  readonly sources: readonly Source<J>[];
  readonly take: (job: J) => Promise<unknown>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** A few jobs at once cost the database as much as one: so long is waited for more room, in milliseconds. */
const GATHER = 5;

/** Takes what is due, so many jobs at a time, until it is stopped. */
export class Worker<J> {
  readonly #tools: WorkerTools<J>;
  readonly #concurrency: number;
  readonly #poll: number;
  /** When each source is to be looked into again. */
  readonly #sources: readonly { readonly source: Source<J>; nextAt: number }[];
  readonly #loop: Promise<void>;
  readonly #own = new Set<Promise<unknown>>();
  #wakers: (() => void)[] = [];
  #stopped = false;

  constructor(tools: WorkerTools<J>, { concurrency, poll }: { concurrency: number; poll: number }) {
    this.#tools = tools;
    this.#concurrency = concurrency;
    this.#poll = poll;
    this.#sources = tools.sources.map((source) => ({ source, nextAt: 0 }));
    this.#loop = this.#run();
  }

  /** Takes no more jobs, finishes those it has, and resolves then. */
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
      const next = due[turn % due.length];
      if (next === undefined) {
        await this.#pause(Math.min(...this.#sources.map(({ nextAt }) => nextAt)) - now);
      } else if (room === 0) {
        await this.#pause(undefined);
      } else if (room < this.#concurrency / 2 && !gathered) {
        await this.#pause(GATHER);
        gathered = true;
      } else {
        gathered = false;
        const jobs = await this.#fetch(next, room);
        for (const job of jobs) this.#take(job, next);
      }
    }
  }

  async #fetch(next: { readonly source: Source<J>; nextAt: number }, room: number): Promise<readonly J[]> {
    const { clock, onError } = this.#tools;
    // Fewer than asked for: there is no more just now.
    next.nextAt = clock.now() + this.#poll;
    try {
      const jobs = await next.source.fetch(room);
      if (jobs.length === room) next.nextAt = 0;
      return jobs;
    } catch (error) {
      if (!this.#stopped) onError(error);
      return [];
    }
  }

  #take(job: J, from: { readonly source: Source<J>; nextAt: number }): void {
    const { take, onError } = this.#tools;
    const done: Promise<unknown> = take(job)
      .catch(onError)
      .finally(() => {
        this.#own.delete(done);
        if (from.source.chained) from.nextAt = 0;
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
