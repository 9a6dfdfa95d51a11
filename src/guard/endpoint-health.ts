import type { CallUrl } from '../http/call-url.ts';

/** No more than this many are remembered. */
const MOST = 200;

interface Health {
  isAnswering: boolean;
  /** Monotonic: the last failure. */
  failedAt: number;
}

/**
 * How each endpoint of a scope did when it was last called. One endpoint that is broken must not cut off the others of its
 * origin, so an open breaker lets through what answers. In an outage of the whole origin each endpoint fails once, and is
 * then held back like the rest.
 */
export class EndpointHealth {
  readonly #known = new Map<string, Health>();

  isAnswering(endpoint: string): boolean {
    return this.#known.get(endpoint)?.isAnswering ?? false;
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
