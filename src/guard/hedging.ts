import { Latencies } from './latencies.ts';

/** When an attempt is late, and how often another one may be sent beside it. */
export interface HedgeRule {
  /** Milliseconds; or the share of answers that come sooner. */
  readonly after: number | HedgePercentile;
  /** Hedges for each call that is answered. */
  readonly ratio: number;
}

export type HedgePercentile = 'p90' | 'p95' | 'p99';

const SHARES: Readonly<Record<HedgePercentile, number>> = { p90: 0.9, p95: 0.95, p99: 0.99 };

/** Of fewer answers no share can be said. */
const KNOWN = 20;
/**
 * An attempt is not late before so many times the median. A second request takes about a median itself, so before that it would
 * seldom be the first to be answered; and where every answer is slow, none is late.
 */
const MEDIANS = 2;
/** So many hedges may be saved up. */
const SAVED = 20;
/** Of so many endpoints the latencies are known. */
const MOST = 100;

/** What is known of the answers of one endpoint. Moments are monotonic. */
class Endpoint {
  readonly latencies = new Latencies();
  /** When the youngest attempt began; and the youngest that was answered. */
  begunAt = Number.NEGATIVE_INFINITY;
  answeredAt = Number.NEGATIVE_INFINITY;
}

/**
 * Which attempts of a scope are late, and whether they may be sent a second time. That must never be a burden to a service that is slow
 * for everybody, so an attempt is only late by comparison: with the answers of its endpoint before it, and with those to attempts that
 * began after it.
 */
export class Hedging {
  readonly #endpoints = new Map<string, Endpoint>();
  #saved = 0;

  began(endpoint: string, now: number): void {
    this.#of(endpoint).begunAt = now;
  }

  /** Milliseconds after which an attempt is late; `Infinity`: nothing is known yet. */
  lateness(endpoint: string, { after }: HedgeRule): number {
    const { latencies } = this.#of(endpoint);
    const isKnown = latencies.total >= KNOWN;
    if (typeof after === 'number') return isKnown ? Math.max(after, this.#least(latencies)) : after;
    return isKnown
      ? Math.max(latencies.quantile(SHARES[after]), this.#least(latencies))
      : Number.POSITIVE_INFINITY;
  }

  /** Whether a late attempt is slower than others are now: one that began when it was late already was answered, or none began since. */
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

  /** It was cancelled before anything of it left. */
  takeBack(): void {
    this.#saved += 1;
  }

  /** An attempt had a good answer. @param begun when it began, monotonic */
  answered(endpoint: string, begun: number, duration: number): void {
    const known = this.#of(endpoint);
    known.latencies.add(duration);
    known.answeredAt = Math.max(known.answeredAt, begun);
  }

  /** So long an attempt had no answer, and was given up. */
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
