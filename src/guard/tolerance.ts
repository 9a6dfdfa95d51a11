import type { FailureRule } from './failure-window.ts';

/**
 * A breaker that opens again within this time after it closed, in milliseconds, is flapping: the service is neither up nor down.
 */
const FLAPPING = 30_000;
/** The highest number of steps. */
const MOST = 6;

/** How much more failure than its rule says a flapping breaker accepts. Each step doubles what is needed to open it. */
export class Tolerance {
  #steps = 0;

  /** @param closedFor milliseconds since the breaker last closed */
  opened(closedFor: number): void {
    const quiet = Math.floor(closedFor / FLAPPING);
    this.#steps = quiet === 0 ? Math.min(this.#steps + 1, MOST) : Math.max(0, this.#steps - quiet);
  }

  applied(rule: FailureRule): FailureRule {
    if (this.#steps === 0) return rule;
    const times = 2 ** this.#steps;
    const { threshold, minimum, window } = rule;
    return { threshold: 1 - (1 - threshold) / times, minimum: minimum * times, window };
  }
}
