import { plainTable } from '../../src/tools/table.ts';
import { nameOf } from '../faults/fault-case.ts';
import type { Observation } from '../faults/observation.ts';

/** What was seen in all calls together. */
export class Tally {
  calls = 0;
  attempts = 0;
  requests = 0;
  effects = 0;
  /** Promises that were broken; several may be broken in one call. */
  violations = 0;
  readonly #stopped = new Map<string, number>();
  readonly #injected = new Map<string, number>();

  add({ report, recorded, effects, injected }: Observation, broken: readonly string[]): void {
    this.calls += 1;
    this.attempts += report?.attempts.length ?? 0;
    this.requests += recorded.length;
    this.effects += effects;
    this.violations += broken.length;
    count(this.#stopped, report?.stopped ?? 'no report');
    for (const fault of injected) if (fault.kind !== 'ok') count(this.#injected, nameOf(fault));
  }

  toString(): string {
    const { calls, attempts, requests, effects, violations } = this;
    const sums = Object.entries({ calls, attempts, 'requests read': requests, effects, violations });
    return [
      plainTable(['in all', ''], sums),
      plainTable(['ended by', ''], sorted(this.#stopped)),
      plainTable(['faults injected', ''], sorted(this.#injected)),
    ].join('\n\n');
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}
