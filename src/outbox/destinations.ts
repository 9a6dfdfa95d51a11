import type { Clock } from 'pg-boss';
import type { Database } from './database.ts';
import type { Engine, Job } from './engine.ts';
import { Pace } from './pace.ts';
import { type Found, giveTurns, nextToEnd, probeFor } from './turns.ts';

/** What the destinations are looked after with. */
export interface Tools {
  readonly engine: Pick<Engine, 'claim'>;
  readonly database: Pick<Database, 'db' | 'transaction'>;
  readonly options: {
    readonly schema: string;
    readonly backoff: { readonly base: number; readonly cap: number };
  };
  readonly clock: Clock;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
  /** Called when a destination that rested, or recovers, takes calls again. */
  readonly onRoom: () => void;
}

/** All destinations that this process has sent to: which of them rest, and what is done for those. */
export class Destinations {
  readonly #tools: Tools;
  readonly #paces = new Map<string, Pace>();
  /** So many calls can be under way in this process at a time. */
  concurrency = 0;

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  paceOf(scope: string): Pace {
    const there = this.#paces.get(scope);
    if (there !== undefined) return there;
    const { options, random, onRoom } = this.#tools;
    const few = () => Math.max(1, this.concurrency);
    const giveTurns = (silence: number) => this.#giveTurns(scope, silence);
    const pace = new Pace({ ...options.backoff, concurrency: few }, random, giveTurns, onRoom);
    this.#paces.set(scope, pace);
    return pace;
  }

  /** The scopes to which nothing is taken now. */
  resting(): string[] {
    return [...this.#paces].flatMap(([scope, pace]) => (pace.room > 0 ? [] : [scope]));
  }

  /** Which of the calls may go: something may have happened while they were taken, and a destination that recovers takes few. */
  admit(jobs: readonly Job[]): { go: Job[]; stay: Job[] } {
    const rooms = new Map<string, number>();
    const [go, stay]: [Job[], Job[]] = [[], []];
    for (const job of jobs) {
      const room = rooms.get(job.scope) ?? this.paceOf(job.scope).room;
      rooms.set(job.scope, room - 1);
      (room > 0 ? go : stay).push(job);
    }
    return { go, stay };
  }

  /** Of the destinations that are down: the calls that find out how they are, and those whose keys have ended. */
  async fromResting(limit: number): Promise<Job[]> {
    const { clock, onError } = this.#tools;
    const jobs: Job[] = [];
    try {
      for (const [scope, pace] of this.#paces) {
        if (pace.looks(clock.now())) await this.#ended(scope, pace, limit, jobs);
        if (jobs.length === limit) break;
        if (pace.probe(clock.now())) jobs.push(...(await this.#probe(scope, pace)));
        if (jobs.length === limit) break;
      }
    } catch (error) {
      // The database is away. What it gave so far is held by this process, and has to go; the rest is looked at again.
      onError(error);
    }
    return jobs;
  }

  async #ended(scope: string, pace: Pace, limit: number, jobs: Job[]): Promise<void> {
    const { database, options, clock } = this.#tools;
    for (const { left, ...found } of await nextToEnd(database.db, options.schema, scope, limit + 1)) {
      if (left > 0 || jobs.length === limit) {
        pace.lookAt(clock.now() + Math.max(0, left));
        break;
      }
      jobs.push(...(await this.#claim(found)));
    }
  }

  async #probe(scope: string, pace: Pace): Promise<Job[]> {
    const { database, options } = this.#tools;
    let jobs: Job[] = [];
    try {
      const found = await probeFor(database.db, options.schema, scope);
      if (found !== undefined) jobs = await this.#claim(found);
    } finally {
      const [job] = jobs;
      if (job === undefined) pace.noProbe();
      else pace.probeIs(job.id);
    }
    return jobs;
  }

  async #claim({ queue, id }: Found): Promise<Job[]> {
    const job = await this.#tools.engine.claim(queue, id);
    return job === undefined ? [] : [job];
  }

  async #giveTurns(scope: string, silence: number): Promise<void> {
    const { database, options, onError } = this.#tools;
    try {
      await giveTurns(database, options.schema, scope, { silence, few: this.concurrency });
    } catch (error) {
      onError(error);
      throw error;
    }
  }
}
