import { Recent } from '../platform/recent.ts';

/**
 * Remembers, for each origin, when a request that had been sent there last ended, answered or not. If other requests were sent
 * meanwhile, an attempt that was not sent waited in the local queue of the connection pool, not for the origin.
 */
export class Traffic {
  readonly #latest = new Recent<{ at: number }>();

  /** @param now monotonic, as all times here */
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
