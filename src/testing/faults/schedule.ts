import { checkTold, type FaultKind, type FaultRule, type FaultyRequest } from './rule.ts';

/** A request, and the fault that it had. */
export type LoggedRequest = FaultyRequest & { readonly fault: FaultKind | 'none' };

/** Decides which request has which fault. The same seed and the same requests give the same faults. */
export class FaultSchedule {
  readonly log: LoggedRequest[] = [];
  readonly #rules: readonly FaultRule[];
  readonly #seed: number;
  #chance: () => number;
  /** The faults of the next requests. */
  readonly #told: (FaultRule | 'none')[] = [];
  #burst: { readonly rule: FaultRule; left: number } | undefined;

  constructor(seed: number, rules: readonly FaultRule[]) {
    this.#rules = rules;
    this.#seed = seed;
    this.#chance = seeded(seed);
  }

  /** As new: no fault is told, no burst goes on, the log is empty, and the seed begins anew. */
  reset(): void {
    this.log.length = 0;
    this.#told.length = 0;
    this.#burst = undefined;
    this.#chance = seeded(this.#seed);
  }

  /** @throws {PolicyError} A fault is wrong. */
  tell(faults: readonly (FaultKind | FaultRule | 'none')[]): void {
    this.#told.push(...faults.map((each, at) => (each === 'none' ? each : checkTold(each, `next[${at}]`))));
  }

  /** The fault of this request; undefined: none. */
  next(method: string, url: string): FaultRule | undefined {
    const request = { number: this.log.length + 1, method: method.toUpperCase(), url };
    const rule = this.#choose(request);
    this.log.push({ ...request, fault: rule?.fault ?? 'none' });
    return rule;
  }

  #choose(request: FaultyRequest): FaultRule | undefined {
    const told = this.#told.shift();
    if (told !== undefined) return told === 'none' ? undefined : told;
    const burst = this.#burst;
    if (burst !== undefined && burst.left > 0 && applies(burst.rule, request)) {
      burst.left--;
      return burst.rule;
    }
    const rule = this.#rules.find((each) => applies(each, request) && this.#chance() < (each.share ?? 1));
    this.#burst = rule && { rule, left: (rule.burst ?? 1) - 1 };
    return rule;
  }
}

function applies({ when }: FaultRule, request: FaultyRequest): boolean {
  return when === undefined || when(request);
}

/** Pseudo-random numbers, uniform in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
