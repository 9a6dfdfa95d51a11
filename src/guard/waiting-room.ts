import type { Runtime } from '../platform/runtime.ts';
import { Admission } from './admission.ts';
import type { Refusal } from './guard.ts';
import { Rate } from './rate.ts';

/** As many calls may wait as usually come in this many seconds. */
const SECONDS = 12;
/** But never fewer than this. */
const LEAST = 3;
/** Who finds no place may stand for so long, in milliseconds: long enough for the next probe. */
const STANDING = 2_500;
/** No more than this many in all. */
const MOST = 20_000;
/** While calls wait, attempts are sent at so many times the usual rate at most: a herd is let out one by one. */
const PACE = 1.3;
/** A scope with less traffic than this many calls a second is let out at this rate's pace. */
const LEAST_RATE = 0.5;
/** How far a release may fall behind its time and still be made up for, in milliseconds. */
const BEHIND = 50;
/** So many attempts in a row are no crowd yet. */
const BURST = 5;
/** Calls that have waited long enough are looked for no more often than this, in milliseconds. */
const SWEEP = 20;

/** A call that wants to go on. */
export interface Visitor {
  readonly isRetry: boolean;
  /** Monotonic: how long it waits at most. */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
  /** Asks the guards again. */
  enter(now: number): Admission | Refusal;
}

/** One who waits. An instance and no closures: there may be thousands. */
class Waiter {
  readonly visitor: Visitor;
  /** Monotonic: how long it waits as long as nobody is let out. */
  readonly until: number;
  readonly #room: WaitingRoom;
  readonly #resolve: (admission: Admission | undefined) => void;

  constructor(
    visitor: Visitor,
    until: number,
    room: WaitingRoom,
    resolve: (admission: Admission | undefined) => void,
  ) {
    this.visitor = visitor;
    this.until = until;
    this.#room = room;
    this.#resolve = resolve;
    visitor.signal?.addEventListener('abort', this);
  }

  /** Its call was aborted. */
  handleEvent(): void {
    this.#room.leave(this, undefined);
  }

  /** @param admission its permits; undefined: it has waited in vain, or was aborted */
  end(admission: Admission | undefined): void {
    this.visitor.signal?.removeEventListener('abort', this);
    this.#resolve(admission);
  }
}

/** Those who wait for the same. */
class Queue {
  readonly waiters = new Set<Waiter>();
  /** Whether it moves: the next one waits for its turn, and not for a guard. */
  isMoving = false;
}

/**
 * Where the calls of a scope wait while nothing may be sent: the breaker is open, or the budget is empty. Nothing is sent
 * for them meanwhile.
 *
 * First come, first served; retries and first attempts take turns. One timer for all: a call that waits costs no timer of its own,
 * and one that is aborted costs the others nothing.
 *
 * Its places are for as many calls as come in some seconds. Whoever finds them taken may stand for a moment, in case that the
 * trouble is just over: so in an old trouble most calls fail soon, and who waits, waits with good hope.
 */
export class WaitingRoom {
  readonly #runtime: Runtime;
  readonly #rate: Rate;
  readonly #retries = new Queue();
  readonly #firsts = new Queue();
  /** Whose turn it is. */
  #turn: readonly [Queue, Queue] = [this.#retries, this.#firsts];
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  /** Monotonic: before this nobody is let out. */
  #nextAt = Number.NEGATIVE_INFINITY;
  /** Monotonic: before this nobody's patience is over. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#rate = new Rate(runtime.now());
  }

  get size(): number {
    return this.#retries.waiters.size + this.#firsts.waiters.size;
  }

  /** A logical call comes to the scope. */
  count(now: number): void {
    this.#rate.count(now);
  }

  /** Whether somebody else is to go first. */
  isQueued(isRetry: boolean): boolean {
    return (isRetry ? this.#retries : this.#firsts).waiters.size > 0;
  }

  /** Whether more is being sent than is good for a service that has just come back: a retry can wait for its turn. */
  isCrowded(now: number): boolean {
    return now < this.#nextAt;
  }

  /** An attempt was let in: whoever waits is let out the later. */
  passed(now: number): void {
    const gap = 1_000 / (PACE * Math.max(LEAST_RATE, this.#rate.perSecond(now)));
    const isPaced = this.size > 0;
    const from = Math.max(this.#nextAt, now - (isPaced ? BEHIND : BURST * gap));
    // Where no call waits, attempts are not held back, so they can't run up a debt.
    this.#nextAt = isPaced ? from + gap : Math.min(from, now) + gap;
  }

  /** Resolves to the visitor's permits; to undefined if it waited in vain, was aborted, or found no place. */
  wait(visitor: Visitor): Promise<Admission | undefined> {
    const now = this.#runtime.now();
    if (this.size >= MOST || visitor.until <= now) return Promise.resolve(undefined);
    const { waiters } = this.#queueOf(visitor);
    const until = this.size < this.#places(now) ? visitor.until : Math.min(visitor.until, now + STANDING);
    return new Promise((resolve) => {
      waiters.add(new Waiter(visitor, until, this, resolve));
      this.#earliest = Math.min(this.#earliest, until);
      this.pump();
    });
  }

  /** One waits no more. */
  leave(waiter: Waiter, admission: Admission | undefined): void {
    this.#queueOf(waiter.visitor).waiters.delete(waiter);
    waiter.end(admission);
    if (this.size === 0) this.#disarm();
  }

  #queueOf({ isRetry }: Visitor): Queue {
    return isRetry ? this.#retries : this.#firsts;
  }

  #places(now: number): number {
    return Math.max(LEAST, SECONDS * this.#rate.perSecond(now));
  }

  /** Something happened: lets out whoever may go now. */
  pump(): void {
    if (this.size === 0) return;
    const now = this.#runtime.now();
    if (now >= this.#earliest) this.#sweep(now);
    const wake = this.#letOut(now);
    if (this.size === 0) this.#disarm();
    else this.#arm(Math.min(wake, Math.max(this.#earliest, now + SWEEP)), now);
  }

  /** @returns when it is worth looking again */
  #letOut(now: number): number {
    for (;;) {
      if (now < this.#nextAt) return this.#nextAt;
      const [one, other] = this.#turn;
      const until = this.#letOne(one, now);
      // A call that fails every time must not be every probe.
      if (until === undefined) this.#turn = [other, one];
      else {
        const otherUntil = this.#letOne(other, now);
        if (otherUntil !== undefined) return Math.min(until, otherUntil);
      }
    }
  }

  /** Lets the first of a queue out. @returns undefined; or, if it may not go, when it is worth asking again */
  #letOne(queue: Queue, now: number): number | undefined {
    for (const waiter of queue.waiters) {
      const answer = waiter.visitor.enter(now);
      queue.isMoving = answer instanceof Admission;
      if (answer instanceof Admission) {
        this.leave(waiter, answer);
        return undefined;
      }
      if (!answer.isFixed || answer.until <= waiter.visitor.until) return answer.until;
      // It can't be let out any more in its time: held open by hand, or the server's wish.
      this.leave(waiter, undefined);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Sends those away whose patience is over. Who only waits for its turn is given all the time that it has. */
  #sweep(now: number): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const { waiters, isMoving } of [this.#retries, this.#firsts]) {
      for (const waiter of waiters) {
        const until = isMoving ? waiter.visitor.until : waiter.until;
        if (until <= now) this.leave(waiter, undefined);
        else this.#earliest = Math.min(this.#earliest, until);
      }
    }
  }

  #arm(due: number, now: number): void {
    if (this.#timerDue <= due || due === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(due - now)));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    this.#earliest = Number.POSITIVE_INFINITY;
  }

  #tick(): void {
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    this.pump();
  }
}
