import { Rate } from './rate.ts';
import { UsualAttempts } from './usual-attempts.ts';

/**
 * While calls wait, attempts are sent at this many times the usual rate at most, so that waiting calls are not released together.
 */
const PACE = 1.3;
/** The time constant of the usual rate, in milliseconds. */
const MEMORY = 10_000;
/** The same of the present rate. */
const PRESENT = 2_000;
/** Callers that wait make no other calls. So a rate that fell below this share of the one from before does not count. */
const HELD = 0.7;
/** So many times the usual rate is a batch of calls after a quiet time: then the present rate counts. */
const BATCH = 2;
/** The lowest rate, in calls per second, that attempts are paced by. */
const LEAST_RATE = 0.5;
/** A rate of fewer calls per second than this is chance. */
const KNOWN_RATE = 1;
/** Waiting calls that are no more than usually come in this many seconds are little load, even all together. */
const SHORT = 0.5;
/** An attempt that is late by up to this much, in milliseconds, is made up for. */
const BEHIND = 50;
/** This many attempts in a row are not a crowd yet. */
const BURST = 5;

/** How fast attempts may be sent while calls wait. All times are monotonic. */
export class Pace {
  readonly #rate: Rate;
  readonly #present: Rate;
  readonly #attempts = new UsualAttempts();
  /** The known rate when the first of the waiting calls came: callers that wait make no other calls meanwhile. */
  #rateBefore = 0;
  /** When the next attempt may be sent. */
  nextAt = Number.NEGATIVE_INFINITY;

  constructor(now: number) {
    this.#rate = new Rate(MEMORY, now);
    this.#present = new Rate(PRESENT, now);
  }

  /** A logical call comes. @param isAnyWaiting whether calls wait */
  count(now: number, isAnyWaiting: boolean): void {
    this.#rate.count(now);
    this.#present.count(now);
    this.#attempts.came(isAnyWaiting);
  }

  /** The first call begins to wait. */
  begin(now: number): void {
    this.#rateBefore = this.knownRate(now);
  }

  /** No call waits any more. Callers that waited made no other calls, so that time tells nothing of what is usual. */
  end(now: number): void {
    this.#rate.raise(this.#heldRate(now), now);
    this.#rateBefore = 0;
  }

  /** Calls per second. */
  usualRate(now: number): number {
    const usual = this.#heldRate(now);
    const present = this.#present.perSecond(now);
    return present > BATCH * usual && this.#present.isKnown(now) ? present : usual;
  }

  /** Calls per second; 0: too few to tell from chance. */
  knownRate(now: number, rate = this.usualRate(now)): number {
    return rate >= KNOWN_RATE && this.#rate.isKnown(now) ? rate : this.#rateBefore;
  }

  /** Whether more attempts were sent than the pace allows until now. */
  isAhead(now: number): boolean {
    return now < this.nextAt;
  }

  /** Whether so many calls could be let out together. */
  isLittle(calls: number, now: number): boolean {
    return calls <= SHORT * this.usualRate(now);
  }

  /** An attempt is sent. @param isPaced whether calls wait */
  sent(now: number, isPaced: boolean, rate = this.usualRate(now)): void {
    this.#attempts.sent();
    const gap = 1_000 / (PACE * Math.max(LEAST_RATE, this.#attemptsFor(rate)));
    const from = Math.max(this.nextAt, now - (isPaced ? BEHIND : BURST * gap));
    // Attempts that nothing holds back may come faster than the pace. They must not push the next release far into the future.
    this.nextAt = Math.min(from, isPaced ? now + BURST * gap : now) + gap;
  }

  /** The usual rate: the one from before, if calls have become far fewer since. */
  #heldRate(now: number): number {
    const measured = this.#rate.perSecond(now);
    return measured < HELD * this.#rateBefore ? this.#rateBefore : measured;
  }

  /** Attempts per second. */
  #attemptsFor(calls: number): number {
    return calls < KNOWN_RATE ? calls : calls * this.#attempts.perCall;
  }
}
