import type { Runtime } from '../platform/runtime.ts';
import { Admission } from './admission.ts';
import { Alarm } from './alarm.ts';
import type { Refusal } from './guard.ts';
import { QUEUE_FULL } from './limit.ts';
import { type Visitor, Waiter } from './waiter.ts';

/** The shortest time between two searches for calls whose wait is over, in milliseconds. */
const SWEEP = 20;

/** How a wait ends: with the permits, or with a refusal by another guard. */
type Result = Admission | Refusal;

/** The waiting attempts of one priority, in the order in which they came. */
interface Lane {
  readonly priority: number;
  readonly waiters: Set<Waiter<Result>>;
}

/**
 * The queue in front of a limit. The highest priority goes first; within one priority, the attempt that came first.
 *
 * Unlike the waiting room the line has no pace: the service is well, and each attempt that ends makes room for another one.
 */
export class Line {
  readonly #runtime: Runtime;
  /** The highest priority first. An empty lane is dropped. */
  readonly #lanes: Lane[] = [];
  readonly #alarm: Alarm;
  #size = 0;
  /** Monotonic: no call's wait ends before this time. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#alarm = new Alarm(runtime, () => this.pump());
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Resolves to the permits of the visitor; to a refusal, if the queue is full, or another guard refuses by now; to undefined, if
   * the wait was in vain or the call was aborted.
   *
   * @param places the length of the queue. In a full queue, a higher priority takes the place of the last waiter of the lowest
   */
  wait(visitor: Visitor, places: number): Promise<Result | undefined> {
    if (visitor.until <= this.#runtime.now()) return Promise.resolve(undefined);
    if (this.#size >= places && !this.#displace(visitor.priority)) return Promise.resolve(QUEUE_FULL);
    return new Promise((resolve) => {
      this.#laneOf(visitor.priority).waiters.add(new Waiter(visitor, visitor.until, this, resolve));
      this.#size += 1;
      this.#earliest = Math.min(this.#earliest, visitor.until);
      this.pump();
    });
  }

  /** A call stops waiting. */
  leave(waiter: Waiter<Result>, result: Result | undefined): void {
    const at = this.#lanes.findIndex(({ priority }) => priority === waiter.visitor.priority);
    const { waiters } = this.#lanes[at] ?? {};
    if (!waiters?.delete(waiter)) return;
    this.#size -= 1;
    if (waiters.size === 0) this.#lanes.splice(at, 1);
    waiter.end(result);
    if (this.#size === 0) this.#rest();
  }

  /** An attempt ended, or time has passed: lets out the calls that may go now. */
  pump(): void {
    if (this.#size === 0) return;
    const now = this.#runtime.now();
    if (now >= this.#earliest) this.#sweep(now);
    const wake = this.#letOut(now);
    if (this.#size > 0) this.#alarm.set(Math.min(wake, Math.max(this.#earliest, now + SWEEP)), now);
  }

  /** @returns the time at which to look again */
  #letOut(now: number): number {
    for (const { waiters } of [...this.#lanes]) {
      for (const waiter of waiters) {
        const answer = waiter.visitor.enter(now);
        // A guard with a line refuses all alike. Any other refusal concerns this attempt only, which waits for that guard elsewhere.
        if (!(answer instanceof Admission) && answer.isInLine) return answer.until;
        this.leave(waiter, answer);
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Ends the waits whose time is over. */
  #sweep(now: number): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const { waiters } of [...this.#lanes]) {
      for (const waiter of waiters) {
        if (waiter.until <= now) this.leave(waiter, this.#lastChance(waiter, now));
        else this.#earliest = Math.min(this.#earliest, waiter.until);
      }
    }
  }

  /** An attempt that waited for a quota in vain is sent, if nothing else refuses it. */
  #lastChance({ visitor }: Waiter<Result>, now: number): Result | undefined {
    const answer = visitor.enter(now);
    return answer instanceof Admission ? answer : undefined;
  }

  /** Frees a place for a visitor of that priority. @returns whether there is one */
  #displace(priority: number): boolean {
    const lowest = this.#lanes.at(-1);
    if (lowest === undefined || lowest.priority >= priority) return false;
    const last = [...lowest.waiters].at(-1);
    if (last !== undefined) this.leave(last, QUEUE_FULL);
    return true;
  }

  #laneOf(priority: number): Lane {
    const at = this.#lanes.findIndex((lane) => lane.priority <= priority);
    const found = this.#lanes[at];
    if (found?.priority === priority) return found;
    const lane = { priority, waiters: new Set<Waiter<Result>>() };
    this.#lanes.splice(at === -1 ? this.#lanes.length : at, 0, lane);
    return lane;
  }

  #rest(): void {
    this.#alarm.clear();
    this.#earliest = Number.POSITIVE_INFINITY;
  }
}
