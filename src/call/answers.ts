import { Recent } from '../platform/recent.ts';

/** When each origin last answered. An origin that answers others is well: whoever was not even sent, waited in our own queue. */
export class Answers {
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
