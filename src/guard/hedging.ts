import { Latencies } from './latencies.ts';

/** When an attempt is late, and how many hedges may be sent. */
export interface HedgeRule {
  /** Milliseconds, or the share of answers that must be faster. */
  readonly after: number | HedgePercentile;
  /** Hedges that each answered call earns. */
  readonly ratio: number;
}

export type HedgePercentile = 'p90' | 'p95' | 'p99';

const SHARES: Readonly<Record<HedgePercentile, number>> = { p90: 0.9, p95: 0.95, p99: 0.99 };

/** The number of answers that are needed before a quantile is meaningful. */
const KNOWN = 20;
/**
 * An attempt is late after this many medians at the earliest. A hedge takes about one median itself, so an earlier one would
 * seldom be answered first. And where every answer is slow, no attempt is late.
 */
const MEDIANS = 2;
/** The highest number of hedges that may be saved up. */
const SAVED = 20;
/** The number of endpoints whose latencies are kept. */
const MOST = 100;

/** The answers of one endpoint. Times are monotonic. */
class Endpoint {
  readonly latencies = new Latencies();
  /** When the youngest attempt began, and when the youngest answered attempt began. */
  begunAt = Number.NEGATIVE_INFINITY;
  answeredAt = Number.NEGATIVE_INFINITY;
}

/**
 * Decides which attempts of a scope are late, and whether a hedge may be sent. Hedges must not load a service that is slow
 * for all calls. So an attempt is late only in comparison with earlier answers of its endpoint, and with the answers to attempts
 * that began after it.
 */
export class Hedging {
  readonly #endpoints = new Map<string, Endpoint>();
  #saved = 0;

  began(endpoint: string, now: number): void {
    this.#of(endpoint).begunAt = now;
  }

  /** Milliseconds after which an attempt is late; `Infinity`: there are too few answers to tell. */
  lateness(endpoint: string, { after }: HedgeRule): number {
    const { latencies } = this.#of(endpoint);
    const isKnown = latencies.total >= KNOWN;
    if (typeof after === 'number') return isKnown ? Math.max(after, this.#least(latencies)) : after;
    return isKnown
      ? Math.max(latencies.quantile(SHARES[after]), this.#least(latencies))
      : Number.POSITIVE_INFINITY;
  }

  /** Whether a late attempt is slower than others now: one that began clearly later was answered, or none began later. */
  isOutlier(endpoint: string, begun: number, lateness: number): boolean {
    const { begunAt, answeredAt } = this.#of(endpoint);
    return answeredAt >= begun + lateness / 2 || begunAt <= begun;
  }

  /** Whether one more hedge may be sent. */
  get isAffordable(): boolean {
    return this.#saved >= 1;
  }

  sent(): void {
    this.#saved -= 1;
  }

  /** Gives a hedge back that was cancelled before anything of it left. */
  takeBack(): void {
    this.#saved += 1;
  }

  /** An attempt had a good answer. @param begun when the attempt began, monotonic */
  answered(endpoint: string, begun: number, duration: number): void {
    const known = this.#of(endpoint);
    known.latencies.add(duration);
    known.answeredAt = Math.max(known.answeredAt, begun);
  }

  /** An attempt was given up after `duration` milliseconds without an answer. */
  unanswered(endpoint: string, duration: number): void {
    this.#of(endpoint).latencies.add(duration);
  }

  /** A call had a good answer, which earns a share of a hedge. */
  earn({ ratio }: HedgeRule): void {
    this.#saved = Math.min(SAVED, this.#saved + ratio);
  }

  #least(latencies: Latencies): number {
    return MEDIANS * latencies.quantile(0.5);
  }

  #of(name: string): Endpoint {
    const known = this.#endpoints.get(name);
    if (known !== undefined) return known;
    if (this.#endpoints.size >= MOST) this.#endpoints.clear();
    const endpoint = new Endpoint();
    this.#endpoints.set(name, endpoint);
    return endpoint;
  }
}
