import type { AllowedBy, GuardName } from '../model/events.ts';
import type { BrokenBody, Departure, Entry, Guard, Permit, Refusal } from './guard.ts';

/** An attempt that asks to be sent. The time and the endpoint are added when the guards are asked. */
export type Wish = Omit<Entry, 'now' | 'endpoint'>;

/** Receives what happens to an attempt that was let in. */
export interface Host {
  /** The attempt is over, or (without a departure) was never sent. */
  left(departure?: Departure): void;
  /** All guards have counted the end of the attempt. */
  changed(): void;
}

/** The permits of one attempt, one from each guard. */
export class Admission {
  readonly #guards: readonly Guard[];
  readonly #permits: readonly Permit[];
  readonly #endpoint: string;
  readonly #host: Host | undefined;

  constructor(guards: readonly Guard[], permits: readonly Permit[], endpoint: string, host?: Host) {
    this.#guards = guards;
    this.#permits = permits;
    this.#endpoint = endpoint;
    this.#host = host;
  }

  /** The attempt is over. Resolves once every guard has counted its outcome. */
  leave(departure: Departure): Promise<unknown> | undefined {
    this.#host?.left(departure);
    let counting: Promise<unknown> | undefined;
    for (let i = 0; i < this.#guards.length; i++) {
      const counted = this.#guards[i]?.leave(this.#permits[i] ?? 0, departure);
      if (counted) counting = counting ? Promise.all([counting, counted]) : counted;
    }
    if (counting) return counting.then(() => this.#host?.changed());
    this.#host?.changed();
    return undefined;
  }

  /** The body of the response broke off, after the response had counted as a success. */
  broke(body: Omit<BrokenBody, 'endpoint'>): void {
    const broken = { ...body, endpoint: this.#endpoint };
    const counting = this.#guards.map((guard, i) => guard.broke?.(this.#permits[i] ?? 0, broken));
    Promise.all(counting).then(() => this.#host?.changed());
  }

  /** Why each guard let the attempt in, in one word. */
  get allowedBy(): AllowedBy {
    const words: { [Name in GuardName]?: string } = {};
    this.#guards.forEach((guard, i) => {
      words[guard.name] = guard.allowed(this.#permits[i] ?? 0);
    });
    return words;
  }

  /** The attempt was never sent. */
  cancel(): void {
    this.#host?.left();
    this.#guards.forEach((guard, i) => {
      guard.cancel(this.#permits[i] ?? 0);
    });
    this.#host?.changed();
  }
}

/** Enters all guards or none. */
export function enter(guards: readonly Guard[], entry: Entry, host?: Host): Admission | Refusal {
  const refusal = firstRefusal(guards, entry);
  if (refusal !== undefined) return refusal;
  const permits = guards.map((guard) => guard.enter(entry));
  return new Admission(guards, permits, entry.endpoint, host);
}

/** Why the attempt may not be sent now; undefined: it may. Changes nothing. */
export function firstRefusal(guards: readonly Guard[], entry: Entry): Refusal | undefined {
  for (const guard of guards) {
    const refusal = guard.refusal(entry);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
