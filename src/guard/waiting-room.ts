import type { Runtime } from '../platform/runtime.ts';
import { Admission } from './admission.ts';
import { Alarm } from './alarm.ts';
import type { Refusal } from './guard.ts';
import type { Pace } from './pace.ts';
import type { EndpointTrouble } from './trouble.ts';
import { type Visitor, Waiter } from './waiter.ts';

/** As many calls may wait as usually come in this many seconds. */
const SECONDS = 12;
/** At least this many calls may wait. */
const LEAST = 3;
/** Trouble is old if it has lasted this share of the time that the call can wait: it is likely to outlast the call. */
const OLD = 0.4;
/** In old trouble one call in this many may take a place. */
const ONE_IN = 3;
/** Where more than this share of the calls wait in vain, more of them come than can be let out. */
const TOO_MANY = 0.1;
/** The weight of the latest call in that share. */
const LATEST = 1 / 50;
/** A call that gets no place may wait this long, in milliseconds: long enough for the next probe. */
const STANDING = 2_500;
/** The highest number of waiting calls. */
const MOST = 20_000;
/** A queue that moves may come to a stop again: after this time, in milliseconds, the room looks whether it still moves. */
const LOOK_AGAIN = 250;
/** The shortest time between two searches for calls whose wait is over, in milliseconds. */
const SWEEP = 20;

const NONE: EndpointTrouble = { since: Number.POSITIVE_INFINITY, isItsOwn: false };

/** No retry has a lower number. */
const FRESH = 2;

function isBetterProbe(one: Visitor, other: Visitor): boolean {
  const more = Math.max(FRESH, one.number) - Math.max(FRESH, other.number);
  return more < 0 || (more === 0 && one.until > other.until);
}

/** How a wait ends: with the permits, or with the refusal of a quota, which is waited for elsewhere. */
type Result = Admission | Refusal;

/** Waiting calls of one kind: retries, or first attempts. */
type Queue = Set<Waiter<Result>>;

/**
 * Calls of a scope wait here while nothing may be sent, because the breaker is open or the budget is empty. Nothing is sent for
 * them meanwhile.
 *
 * Order: first come, first served; retries and first attempts take turns. One timer serves all calls, so a waiting call costs no
 * timer, and an aborted call costs the others nothing.
 *
 * There are as many places as calls come in some seconds. A call that finds no place may wait for a moment, in case the trouble
 * is just over. So in old trouble most calls fail soon, and a call that has a place is likely to get out.
 */
export class WaitingRoom {
  readonly #runtime: Runtime;
  readonly #pace: Pace;
  readonly #spare: () => number;
  readonly #retries: Queue = new Set();
  readonly #firsts: Queue = new Set();
  /** The queue whose turn it is, and the other one. */
  #turn: readonly [Queue, Queue] = [this.#retries, this.#firsts];
  readonly #alarm: Alarm;
  /** Monotonic: no call's wait ends before this time. */
  #earliest = Number.POSITIVE_INFINITY;
  /** Calls that came to wait in old trouble. */
  #cameLate = 0;
  /** The share of calls that waited in vain, although the breaker was closed, since the room was last empty. */
  #inVain = 0;

  /** @param spare monotonic: from when on one more attempt adds nothing to the usual load */
  constructor(runtime: Runtime, pace: Pace, spare: () => number = () => Number.POSITIVE_INFINITY) {
    this.#runtime = runtime;
    this.#alarm = new Alarm(runtime, () => this.pump());
    this.#pace = pace;
    this.#spare = spare;
  }

  get size(): number {
    return this.#retries.size + this.#firsts.size;
  }

  /** Whether other calls of the same kind come first. */
  isQueued(isRetry: boolean): boolean {
    return (isRetry ? this.#retries : this.#firsts).size > 0;
  }

  /**
   * Resolves to the call's permits; to the refusal of a quota, once nothing else refuses; to undefined if the wait was in vain, the
   * call was aborted, or the room is full.
   *
   * @param trouble of the call's endpoint
   */
  wait(visitor: Visitor, trouble: EndpointTrouble = NONE): Promise<Result | undefined> {
    const now = this.#runtime.now();
    if (this.size >= MOST || visitor.until <= now) return Promise.resolve(undefined);
    const until = this.#hasPlace(visitor, trouble, now)
      ? visitor.until
      : Math.min(visitor.until, now + STANDING);
    if (this.size === 0) this.#pace.begin(now);
    return new Promise((resolve) => {
      this.#queueOf(visitor).add(new Waiter(visitor, until, this, resolve));
      this.#earliest = Math.min(this.#earliest, until);
      this.pump();
    });
  }

  /** A call stops waiting. */
  leave(waiter: Waiter<Result>, result: Result | undefined): void {
    this.#queueOf(waiter.visitor).delete(waiter);
    waiter.end(result);
    if (this.size === 0) this.#rest();
  }

  #queueOf({ number }: Visitor): Queue {
    return number > 1 ? this.#retries : this.#firsts;
  }

  #hasPlace({ until }: Visitor, { since, isItsOwn }: EndpointTrouble, now: number): boolean {
    // A longer queue would not get more of them out, but have all of them wait.
    if (this.#inVain > TOO_MANY && since === Number.POSITIVE_INFINITY) return false;
    // Where other endpoints answer, each call to this one tries it anyway: no waiting call is needed to find that it is back.
    if (now - since > OLD * (until - now) && (isItsOwn || this.#cameLate++ % ONE_IN !== 0)) return false;
    return this.size < Math.max(LEAST, SECONDS * this.#pace.usualRate(now));
  }

  /** Something changed: lets out the calls that may go now. */
  pump(): void {
    if (this.size === 0) return;
    const now = this.#runtime.now();
    if (now >= this.#earliest) this.#sweep(now);
    const wake = this.#letOut(now);
    if (this.size === 0) this.#rest();
    else this.#alarm.set(Math.min(wake, Math.max(this.#earliest, now + SWEEP)), now);
  }

  /** @returns the time at which to look again */
  #letOut(now: number): number {
    for (;;) {
      const next = this.#nextOut(now);
      if (now < next) return next;
      const [one, other] = this.#turn;
      const until = this.#letOne(one, now);
      // The queues take turns, because a call that fails every time must not be every probe.
      if (until === undefined) this.#turn = [other, one];
      else {
        const otherUntil = this.#letOne(other, now);
        if (otherUntil !== undefined) return Math.min(until, otherUntil);
      }
    }
  }

  /** When the next call may be let out. The pace holds back no few calls, and no call that adds nothing to the usual load. */
  #nextOut(now: number): number {
    const isFew = this.#pace.isLittle(this.size, now) && !this.#isAfterTimeout();
    return isFew || !this.#pace.isAhead(now) ? now : Math.min(this.#pace.nextAt, this.#spare());
  }

  #isAfterTimeout(): boolean {
    const [first] = this.#retries;
    return first?.visitor.isAfterTimeout === true;
  }

  /** Lets out the first call of a queue. @returns undefined; or, if it may not go, the time at which to ask again */
  #letOne(queue: Queue, now: number): number | undefined {
    for (;;) {
      const waiter = this.#nextOf(queue);
      if (waiter === undefined) return Number.POSITIVE_INFINITY;
      const answer = waiter.visitor.enter(now);
      if (answer instanceof Admission) {
        this.#count(0);
        this.leave(waiter, answer);
        return undefined;
      }
      // The trouble is over. The calls behind this one need not wait for a quota here, where there are few places.
      if (answer.by === 'quota') {
        this.leave(waiter, answer);
        continue;
      }
      if (!answer.isFixed || answer.until <= waiter.visitor.until) return answer.until;
      // The call can't be let out in its time: the breaker is isolated, or the server asked for a longer pause.
      this.leave(waiter, undefined);
    }
  }

  /**
   * The first call of a queue. But a probe is likely to fail, and may be slow: so it is the call that has the most attempts left and, of
   * these, the most time. A call near its deadline would end before it can tell anything.
   */
  #nextOf(queue: Queue): Waiter<Result> | undefined {
    const [first] = queue;
    if (first?.visitor.isProbe() !== true) return first;
    let best = first;
    for (const waiter of queue) if (isBetterProbe(waiter.visitor, best.visitor)) best = waiter;
    return best;
  }

  /** Ends the calls whose wait is over. A call that waits only for its turn may wait until its own limit. */
  #sweep(now: number): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const queue of [this.#retries, this.#firsts]) {
      const [first] = queue;
      const isMoving = first?.visitor.isFree(now) ?? false;
      for (const waiter of queue) {
        const { until } = isMoving ? waiter.visitor : waiter;
        if (until <= now) {
          if (!waiter.visitor.isProbe()) this.#count(1);
          this.leave(waiter, undefined);
        } else this.#earliest = Math.min(this.#earliest, Math.max(waiter.until, now + LOOK_AGAIN), until);
      }
    }
  }

  #count(inVain: 0 | 1): void {
    this.#inVain += LATEST * (inVain - this.#inVain);
  }

  #rest(): void {
    this.#alarm.clear();
    this.#inVain = 0;
    this.#earliest = Number.POSITIVE_INFINITY;
    this.#pace.end(this.#runtime.now());
  }
}
