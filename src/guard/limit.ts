import { AdaptiveLimit, type Sign } from './adaptive.ts';
import type { Entry, Guard, Permit, Refusal } from './guard.ts';

/** The numbers of a limit. */
export interface LimitRule {
  /** The number of attempts that may run at the same time; `'adaptive'`: it follows what the service can take. */
  readonly concurrency: number | 'adaptive';
  /** The number of calls that may wait. */
  readonly queue: number;
}

/** The next attempt that ends makes room. */
const REACHED: Refusal = { by: 'limit', until: Number.POSITIVE_INFINITY, isFixed: false, isInLine: true };
/** The queue is full, too. */
export const QUEUE_FULL: Refusal = {
  by: 'limit',
  until: Number.POSITIVE_INFINITY,
  isFixed: true,
  isInLine: true,
};

/** Bounds the number of attempts that run at the same time (a bulkhead). Further attempts wait in line (`line.ts`). */
export class Limit implements Guard {
  readonly name = 'limit';
  #rule: LimitRule;
  readonly #adaptive = new AdaptiveLimit();
  #running = 0;

  constructor(rule: LimitRule) {
    this.#rule = rule;
  }

  /** The number of attempts that may run at the same time. */
  get concurrency(): number {
    const { concurrency } = this.#rule;
    return concurrency === 'adaptive' ? this.#adaptive.concurrency : concurrency;
  }

  /** The number of calls that may wait. */
  get places(): number {
    return this.#rule.queue;
  }

  /** Takes another rule. Running attempts go on, and new ones start when there is room by the new rule. */
  adopt(rule: LimitRule): void {
    this.#rule = rule;
  }

  refusal(): Refusal | undefined {
    return this.#running < this.concurrency ? undefined : REACHED;
  }

  /** @returns the time, which is all that is to know of the attempt when it ends */
  enter({ now }: Pick<Entry, 'now'>): Permit {
    this.#running += 1;
    return now;
  }

  leave(permit: Permit, departure: Sign): void {
    const wasFull = this.#running >= this.concurrency;
    this.#running -= 1;
    if (this.#rule.concurrency === 'adaptive') this.#adaptive.learn(permit, departure, wasFull);
  }

  cancel(): void {
    this.#running -= 1;
  }

  allowed(): string {
    return 'free';
  }

  describe(): string {
    return `limit ${this.#running} of ${this.concurrency} running`;
  }
}
