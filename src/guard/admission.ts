import type { AllowedBy } from '../model/events.ts';
import type { BrokenBody, Departure, Entry, Guard, Permit, Refusal } from './guard.ts';

/** An attempt that wants to be sent, at whatever time that is, wherever to. */
export type Wish = Omit<Entry, 'now' | 'endpoint'>;

/** Hears of what becomes of an attempt that was let in. */
export interface Host {
  /** The attempt is over, or was never sent. */
  left(): void;
  /** The guards have been told of the attempt's end. */
  changed(): void;
}

/** The permits of one attempt, one of each guard. */
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
    this.#host?.left();
    let counting: Promise<unknown> | undefined;
    for (let i = 0; i < this.#guards.length; i++) {
      const counted = this.#guards[i]?.leave(this.#permits[i] ?? 0, departure);
      if (counted) counting = counting ? Promise.all([counting, counted]) : counted;
    }
    if (counting) return counting.then(() => this.#host?.changed());
    this.#host?.changed();
    return undefined;
  }

  /** The body of its answer, which counted as a success, broke off. */
  broke(body: Omit<BrokenBody, 'endpoint'>): void {
    const broken = { ...body, endpoint: this.#endpoint };
    const counting = this.#guards.map((guard, i) => guard.broke?.(this.#permits[i] ?? 0, broken));
    Promise.all(counting).then(() => this.#host?.changed());
  }

  /** What allowed the attempt: a word for each guard. */
  get allowedBy(): AllowedBy {
    return Object.fromEntries(
      this.#guards.map((guard, i) => [guard.name, guard.allowed(this.#permits[i] ?? 0)]),
    );
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

/** Passes all guards, or none. */
export function enter(guards: readonly Guard[], entry: Entry, host?: Host): Admission | Refusal {
  const refusal = firstRefusal(guards, entry);
  if (refusal !== undefined) return refusal;
  const permits = guards.map((guard) => guard.enter(entry));
  return new Admission(guards, permits, entry.endpoint, host);
}

/** Why an attempt may not be sent now. Changes nothing. */
export function firstRefusal(guards: readonly Guard[], entry: Entry): Refusal | undefined {
  for (const guard of guards) {
    const refusal = guard.refusal(entry);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
