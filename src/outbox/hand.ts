import type { Clock } from 'pg-boss';
import { type Engine, type Job, QUEUES, TOUCH_EVERY } from './engine.ts';
import type { Result } from './result.ts';

/** The calls that this process holds, and the word it sends now and then that it is still at them. */
export class Hand {
  readonly #held = new Map<string, { readonly job: Job; readonly result: Promise<Result | undefined> }>();
  readonly #timer: unknown;
  readonly #clock: Clock;

  constructor(engine: Engine, clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#timer = clock.setInterval(() => {
      for (const name of [QUEUES.calls, QUEUES.ordered]) {
        const jobs = [...this.#held.values()].map(({ job }) => job).filter(({ queue }) => queue === name);
        if (jobs.length > 0) engine.touch(name, jobs).catch(onError);
      }
    }, TOUCH_EVERY);
    // Nothing of ours keeps a process alive that has nothing else to do.
    if (typeof this.#timer === 'object' && this.#timer !== null && 'unref' in this.#timer) {
      (this.#timer as NodeJS.Timeout).unref();
    }
  }

  get size(): number {
    return this.#held.size;
  }

  /** Holds the job for as long as the work takes. The work's errors are told to whoever gave it. */
  hold(job: Job, work: () => Promise<Result | undefined>): Promise<Result | undefined> {
    const result = work().finally(() => this.#held.delete(job.id));
    this.#held.set(job.id, { job, result });
    return result;
  }

  /** What will have become of a call that is held right now. */
  outcomeOf(id: string): Promise<Result | undefined> | undefined {
    return this.#held.get(id)?.result;
  }

  /** When all that is held now has come to an end. */
  async idle(): Promise<void> {
    while (this.#held.size > 0) {
      await Promise.allSettled([...this.#held.values()].map(({ result }) => result));
    }
  }

  close(): void {
    this.#clock.clearInterval(this.#timer);
  }
}
