import type { CallUrl } from '../http/call-url.ts';

/** The number of endpoints that are remembered. */
const MOST = 200;
/** The number of unknown endpoints that may be tried in one outage. Paths that begin with an id are a new endpoint each time. */
const TRIALS = 5;

/** An answer is recent for this long, in milliseconds. */
const RECENT = 10_000;

interface Health {
  isAnswering: boolean;
  /** Monotonic: when the endpoint last answered. */
  answeredAt: number;
  /** Monotonic: when the endpoint last failed. */
  failedAt: number;
}

/**
 * The result of the last call to each endpoint of a scope. A broken endpoint must not cut off the other endpoints of its origin.
 * So an open breaker lets calls through to endpoints that answer, and tries a few unknown endpoints. In an outage of the whole
 * origin each endpoint fails once, and its calls are then held back too.
 */
export class EndpointHealth {
  readonly #known = new Map<string, Health>();
  #trials = 0;

  /** Whether the endpoint answered last time, or is unknown and may be tried. */
  isWorthCalling(endpoint: string): boolean {
    return this.#known.get(endpoint)?.isAnswering ?? this.#trials < TRIALS;
  }

  /** A call goes to this endpoint. An endpoint without any answer yet counts as failing until the call is answered. */
  called(endpoint: string): void {
    if (this.#known.has(endpoint)) return;
    this.#trials += 1;
    this.#of(endpoint);
  }

  /** The outage is over. */
  recovered(): void {
    this.#trials = 0;
  }

  /** Another process found the outage, so this one knows nothing of the endpoints. It tries none. */
  inherited(): void {
    this.#trials = TRIALS;
  }

  /** @param since monotonic */
  hasFailed(endpoint: string, since: number): boolean {
    return (this.#known.get(endpoint)?.failedAt ?? Number.NEGATIVE_INFINITY) >= since;
  }

  /** Whether another endpoint has answered lately, and did so the last time: then what this one says is about itself. */
  doOthersAnswer(endpoint: string, now: number): boolean {
    for (const [other, { isAnswering, answeredAt }] of this.#known) {
      if (isAnswering && other !== endpoint && now - answeredAt < RECENT) return true;
    }
    return false;
  }

  answered(endpoint: string, now: number): void {
    const health = this.#of(endpoint);
    health.isAnswering = true;
    health.answeredAt = now;
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
    const health = {
      isAnswering: false,
      answeredAt: Number.NEGATIVE_INFINITY,
      failedAt: Number.NEGATIVE_INFINITY,
    };
    this.#known.set(endpoint, health);
    return health;
  }
}

/** The endpoint of a call: the rule that the user wrote for it, or else all paths with the same first segment. */
export function endpointOf(rule: string | undefined, { pathname }: Pick<CallUrl, 'pathname'>): string {
  if (rule !== undefined) return rule;
  const end = pathname.indexOf('/', 1);
  return end === -1 ? pathname : pathname.slice(0, end);
}
