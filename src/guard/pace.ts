import { Rate } from './rate.ts';

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
/** The number of calls whose attempts are averaged. So many that an outage does not make its retries usual. */
const AVERAGED = 500;
/** What this many calls took while none waited is what is usual. */
const CALM = 200;
/** No more attempts than this are usual for a call. */
const MOST_ATTEMPTS = 1.5;
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
  /** How many attempts a call usually takes. */
  #attemptsPerCall = 1;
  /** Attempts since the last call came. */
  #attempts = 0;
  /** Calls whose attempts are in that mean. */
  #calls = 0;
  /** Calls that came while none waited. */
  #calm = 0;
  #isAnyoneWaiting = false;
  /** The known rate when the first of the waiting calls came: callers that wait make no other calls meanwhile. */
  #rateBefore = 0;
  /** When the next attempt may be sent. */
  nextAt = Number.NEGATIVE_INFINITY;

  constructor(now: number) {
    this.#rate = new Rate(MEMORY, now);
    this.#present = new Rate(PRESENT, now);
  }

  /** A logical call comes. */
  count(now: number): void {
    this.#rate.count(now);
    this.#present.count(now);
    this.#learn();
    this.#attempts = 0;
  }

  /** The first call begins to wait. */
  begin(now: number): void {
    this.#rateBefore = this.knownRate(now);
    this.#isAnyoneWaiting = true;
  }

  /** No call waits any more. Callers that waited made no other calls, so that time tells nothing of what is usual. */
  end(now: number): void {
    this.#rate.raise(this.#heldRate(now), now);
    this.#rateBefore = 0;
    this.#isAnyoneWaiting = false;
  }

  /** Calls per second. */
  usualRate(now: number): number {
    const usual = this.#heldRate(now);
    const present = this.#present.perSecond(now);
    return this.#present.isKnown(now) && present > BATCH * usual ? present : usual;
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
    this.#attempts += 1;
    const gap = 1_000 / (PACE * Math.max(LEAST_RATE, this.#attemptsFor(rate)));
    const from = Math.max(this.nextAt, now - (isPaced ? BEHIND : BURST * gap));
    // Attempts that nothing holds back may come faster than the pace. They must not push the next release far into the future.
    this.nextAt = Math.min(from, isPaced ? now + BURST * gap : now) + gap;
  }

  #heldRate(now: number): number {
    const measured = this.#rate.perSecond(now);
    return measured < HELD * this.#rateBefore ? this.#rateBefore : measured;
  }

  /**
   * How many attempts calls take while some wait is what the pace allows: to learn from it would make the pace faster and faster,
   * and a service that sheds load would never recover. A young scope learns all the same, as nothing else is known.
   */
  #learn(): void {
    if (!this.#isAnyoneWaiting) this.#calm += 1;
    else if (this.#calm >= CALM) return;
    this.#calls = Math.min(this.#calls + 1, AVERAGED);
    this.#attemptsPerCall += (this.#attempts - this.#attemptsPerCall) / this.#calls;
  }

  /** Attempts per second. */
  #attemptsFor(calls: number): number {
    return calls < KNOWN_RATE ? calls : calls * Math.min(MOST_ATTEMPTS, Math.max(1, this.#attemptsPerCall));
  }
}
