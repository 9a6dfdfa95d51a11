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
  /** Does a job. @param free called when only its end is left to be recorded: from then on the next job may begin */
  readonly take: (job: J, free: () => void) => Promise<unknown>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Many jobs at once cost the database little more than one: so long is waited for more room, in milliseconds. */
const GATHER = 5;
/** So many times the concurrency may be held: jobs under way, and jobs whose end is being recorded. */
const HELD = 2;

/** Takes what is due, so many jobs at a time, until it is stopped. */
export class Worker<J> {
  readonly #tools: WorkerTools<J>;
  readonly #concurrency: number;
  readonly #poll: number;
  /** When each source is to be looked into again. */
  readonly #sources: readonly { readonly source: Source<J>; nextAt: number }[];
  readonly #loop: Promise<void>;
  readonly #held = new Set<Promise<unknown>>();
  #underWay = 0;
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
    await Promise.allSettled(this.#held);
  }

  /** There may be jobs now: looks without waiting for the next poll. */
  look(): void {
    for (const source of this.#sources) source.nextAt = 0;
    this.#wake();
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const now = this.#tools.clock.now();
      const due = this.#sources.filter(({ nextAt }) => nextAt <= now);
      const next = due[turn % due.length];
      if (next === undefined) {
        await this.#pause(Math.min(...this.#sources.map(({ nextAt }) => nextAt)) - now);
        continue;
      }
      const room = await this.#roomForMany();
      if (this.#stopped) return;
      const jobs = await this.#fetch(next, room);
      for (const job of jobs) this.#take(job, next);
    }
  }

  #room(): number {
    return Math.min(this.#concurrency - this.#underWay, HELD * this.#concurrency - this.#held.size);
  }

  /** Waits until there is room, and then a moment for more. */
  async #roomForMany(): Promise<number> {
    while (this.#room() === 0 && !this.#stopped) await this.#pause(undefined);
    const { clock } = this.#tools;
    const end = clock.now() + GATHER;
    while (this.#room() < this.#concurrency && clock.now() < end && !this.#stopped) {
      await this.#pause(end - clock.now());
    }
    return this.#room();
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
    this.#underWay += 1;
    let isFree = false;
    const free = () => {
      if (!isFree) this.#underWay -= 1;
      isFree = true;
      this.#wake();
    };
    const done: Promise<unknown> = take(job, free)
      .catch(onError)
      .finally(() => {
        this.#held.delete(done);
        if (from.source.chained) from.nextAt = 0;
        free();
      });
    this.#held.add(done);
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
