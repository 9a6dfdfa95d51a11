import type { Guard, Permit, Refusal } from './guard.ts';

/** The numbers of a limit. */
export interface LimitRule {
  /** The number of attempts that may run at the same time. */
  readonly concurrency: number;
  /** The number of calls that may wait. */
  readonly queue: number;
}

/** The next attempt that ends makes room. */
const REACHED: Refusal = { by: 'limit', until: Number.POSITIVE_INFINITY, isFixed: false };
/** The queue is full, too. */
export const QUEUE_FULL: Refusal = { by: 'limit', until: Number.POSITIVE_INFINITY, isFixed: true };
/** All permits are alike. */
const PLACE: Permit = 0;

/** Bounds the number of attempts that run at the same time (a bulkhead). Further attempts wait in line (`line.ts`). */
export class Limit implements Guard {
  readonly name = 'limit';
  #rule: LimitRule;
  #running = 0;

  constructor(rule: LimitRule) {
    this.#rule = rule;
  }

  /** The number of attempts that may run at the same time. */
  get concurrency(): number {
    return this.#rule.concurrency;
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

  enter(): Permit {
    this.#running += 1;
    return PLACE;
  }

  leave(): void {
    this.#running -= 1;
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
