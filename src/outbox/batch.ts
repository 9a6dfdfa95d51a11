import type { Engine, Job, LiveQueue } from './engine.ts';

interface Waiting {
  readonly job: Job;
  readonly resolve: (held: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Ends calls in as few statements as their number allows: all that are done while one is on its way go in the next. */
export class Batch {
  readonly #engine: Engine;
  readonly #queue: LiveQueue;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(engine: Engine, queue: LiveQueue) {
    this.#engine = engine;
    this.#queue = queue;
  }

  /** @returns whether this process still held the call */
  done(job: Job): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      setImmediate(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const jobs = batch.map(({ job }) => job);
        const held = await this.#engine.complete(this.#queue, jobs, { outcome: 'done' });
        for (const { job, resolve } of batch) resolve(held.has(job.id));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#busy = false;
  }
}
