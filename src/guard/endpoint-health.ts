import type { CallUrl } from '../http/call-url.ts';

/** No more than this many are remembered. */
const MOST = 200;
/** So many endpoints of which nothing is known are tried in one trouble: a path that begins with an id makes a new one each time. */
const TRIALS = 5;

interface Health {
  isAnswering: boolean;
  /** Monotonic: the last failure. */
  failedAt: number;
}

/**
 * How each endpoint of a scope did when it was last called. One endpoint that is broken must not cut off the others of its
 * origin, so an open breaker lets through what answers, and tries a few endpoints that were never called. In an outage of the
 * whole origin each endpoint fails once, and is then held back like the rest.
 */
export class EndpointHealth {
  readonly #known = new Map<string, Health>();
  #trials = 0;

  /** Whether it answers; or whether it may be tried, because nothing is known of it. */
  isWorthCalling(endpoint: string): boolean {
    return this.#known.get(endpoint)?.isAnswering ?? this.#trials < TRIALS;
  }

  /** A call goes to it. Until that call has an answer, one that was never called before counts as silent. */
  called(endpoint: string): void {
    if (this.#known.has(endpoint)) return;
    this.#trials += 1;
    this.#of(endpoint);
  }

  /** The trouble is over. */
  recovered(): void {
    this.#trials = 0;
  }

  /** Nothing was learnt here of a trouble that another process knows: nothing is tried, either. */
  inherited(): void {
    this.#trials = TRIALS;
  }

  /** @param since monotonic */
  hasFailed(endpoint: string, since: number): boolean {
    return (this.#known.get(endpoint)?.failedAt ?? Number.NEGATIVE_INFINITY) >= since;
  }

  answered(endpoint: string): void {
    this.#of(endpoint).isAnswering = true;
  }

  failed(endpoint: string, now: number): void {
    const health = this.#of(endpoint);
    health.isAnswering = false;
    health.failedAt = now;
  }

  #of(endpoint: string): Health {
    const known = this.#known.get(endpoint);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST) this.#known.clear();
    const health = { isAnswering: false, failedAt: Number.NEGATIVE_INFINITY };
    this.#known.set(endpoint, health);
    return health;
  }
}

/** What counts as one endpoint: the rule that the user wrote for it, or what begins with the same path segment. */
export function endpointOf(rule: string | undefined, { pathname }: Pick<CallUrl, 'pathname'>): string {
  if (rule !== undefined) return rule;
  const end = pathname.indexOf('/', 1);
  return end === -1 ? pathname : pathname.slice(0, end);
}
