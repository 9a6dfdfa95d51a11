import type { Clock } from 'pg-boss';
import { TOUCH_EVERY } from './boss.ts';

/** The jobs that this process holds, and the word it sends now and then that it is still at them. */
export class Hand<J extends { readonly id: string }, R> {
  readonly #held = new Map<string, { readonly job: J; readonly result: Promise<R> }>();
  readonly #timer: unknown;
  readonly #clock: Clock;

  constructor(touch: (jobs: readonly J[]) => Promise<void>, clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#timer = clock.setInterval(() => {
      const jobs = [...this.#held.values()].map(({ job }) => job);
      if (jobs.length > 0) touch(jobs).catch(onError);
    }, TOUCH_EVERY);
    // This timer does not keep a process alive that has nothing else to do.
    if (typeof this.#timer === 'object' && this.#timer !== null && 'unref' in this.#timer) {
      (this.#timer as NodeJS.Timeout).unref();
    }
  }

  get size(): number {
    return this.#held.size;
  }

  /** Holds the job for as long as the work takes. @returns what the work resolves to; its errors are not caught */
  hold(job: J, work: () => Promise<R>): Promise<R> {
    const result = work().finally(() => this.#held.delete(job.id));
    this.#held.set(job.id, { job, result });
    return result;
  }

  /** What will have become of a job that is held right now. */
  outcomeOf(id: string): Promise<R> | undefined {
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
