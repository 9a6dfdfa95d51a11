import { Recent } from '../platform/recent.ts';

/**
 * When a request that had been sent to each origin was last over, answered or not. Where others are sent, whoever is not waits
 * in our own queue; and what becomes of those that are sent, they say themselves.
 */
export class Traffic {
  readonly #latest = new Recent<{ at: number }>();

  /** @param now monotonic, as all moments here */
  came(origin: string, now: number): void {
    const latest = this.#latest.get(origin);
    if (latest === undefined) this.#latest.set(origin, { at: now });
    else latest.at = now;
  }

  cameSince(origin: string, moment: number): boolean {
    const latest = this.#latest.get(origin);
    return latest !== undefined && latest.at >= moment;
  }
}
