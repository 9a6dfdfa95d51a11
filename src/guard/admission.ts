import type { AllowedBy } from '../model/events.ts';
import type { Departure, Entry, Guard, Permit, Refusal } from './guard.ts';

/** The permits of one attempt, one of each guard. */
export class Admission {
  readonly #guards: readonly Guard[];
  readonly #permits: readonly Permit[];

  constructor(guards: readonly Guard[], permits: readonly Permit[]) {
    this.#guards = guards;
    this.#permits = permits;
  }

  /** The attempt is over. Resolves once every guard has counted its outcome. */
  leave(departure: Departure): Promise<unknown> | undefined {
    let counting: Promise<unknown> | undefined;
    for (let i = 0; i < this.#guards.length; i++) {
      const counted = this.#guards[i]?.leave(this.#permits[i] ?? 0, departure);
      if (counted) counting = counting ? Promise.all([counting, counted]) : counted;
    }
    return counting;
  }

  /** What allowed the attempt: a word for each guard. */
  get allowedBy(): AllowedBy {
    return Object.fromEntries(
      this.#guards.map((guard, i) => [guard.name, guard.allowed(this.#permits[i] ?? 0)]),
    );
  }

  /** The attempt was never sent. */
  cancel(): void {
    this.#guards.forEach((guard, i) => {
      guard.cancel(this.#permits[i] ?? 0);
    });
  }
}

/** Passes all guards, or none. */
export function enter(guards: readonly Guard[], entry: Entry): Admission | Refusal {
  return (
    firstRefusal(guards, entry) ??
    new Admission(
      guards,
      guards.map((guard) => guard.enter(entry)),
    )
  );
}

/** Why an attempt may not be sent now. Changes nothing. */
export function firstRefusal(guards: readonly Guard[], entry: Entry): Refusal | undefined {
  for (const guard of guards) {
    const refusal = guard.refusal(entry);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
