import { Trip, type TripRule } from './trip.ts';

/**
 * The rolling windows that have something in them, by the breaker they belong to. The one that was turned longest
 * ago comes first, so that windows which have run empty are found, and dropped, in passing: no timer watches over
 * them, and an idle breaker has none.
 */
export class Trips {
  readonly #trips = new Map<object, Trip>();

  /** Feeds one success. */
  success(breaker: object, rule: TripRule, now: number): void {
    this.#tripOf(breaker, rule, now).success(now);
  }

  /** Feeds one failure. Resolves to true if it opens the breaker. */
  failure(breaker: object, rule: TripRule, now: number): Promise<boolean> {
    return this.#tripOf(breaker, rule, now).failure(now);
  }

  /** The statistics of this breaker start fresh. */
  forget(breaker: object): void {
    this.#trips.get(breaker)?.close();
    this.#trips.delete(breaker);
  }

  get size(): number {
    return this.#trips.size;
  }

  #tripOf(breaker: object, rule: TripRule, now: number): Trip {
    const known = this.#trips.get(breaker);
    if (known?.isCurrent(now)) return known;
    const trip = known === undefined || known.isIdle(now) ? new Trip(rule, now) : known;
    this.#trips.delete(breaker);
    this.#trips.set(breaker, trip);
    this.#dropIdle(now);
    return trip;
  }

  #dropIdle(now: number): void {
    for (const [breaker, trip] of this.#trips) {
      if (!trip.isIdle(now)) return;
      this.#trips.delete(breaker);
    }
  }
}
