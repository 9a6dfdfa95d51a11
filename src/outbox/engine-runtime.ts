import type { Clock } from 'pg-boss';
import { loadDriver } from '../once/stores/driver.ts';

/** Time and chance, from outside. */
export interface EngineRuntime {
  /** The engine's, too. */
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The time and chance of the system. @throws MissingDriverError pg-boss is not installed. */
export async function systemEngineRuntime(): Promise<EngineRuntime> {
  const { systemClock } = await loadDriver('pg-boss', () => import('pg-boss'));
  return { clock: systemClock, random: Math.random };
}
