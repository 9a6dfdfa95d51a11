import { type Checks, duration, PolicyError } from './checks.ts';

const DAY = 86_400_000;

/** The lifetime of a key, and how long a caller waits. All times are in milliseconds. */
export interface Times {
  /**
   * How long the key and its result are remembered, counted from the claim. At least 100.
   * @default 86400000 (24 hours)
   */
  readonly lifetime?: number;
  /**
   * Lease mode: how long an effect may run before another caller may take the key over. Set this well above the slowest effect.
   * After a crash the key stays blocked for this long. A transaction needs no lease. At least 100.
   * @default 30000
   */
  readonly lease?: number;
  /**
   * How long to wait for an effect that is running elsewhere, before `InProgressError`. 0, or at least 10.
   * @default 0
   */
  readonly wait?: number;
}

export const timeChecks: Checks<Times> = {
  lifetime: duration(100),
  lease: duration(100),
  wait: duration(10, { orZero: true }),
};

/** Fills in the defaults. @throws {PolicyError} The lease is longer than the lifetime. */
export function withDefaults(given: Times): Required<Times> {
  const { lifetime = DAY, lease = 30_000, wait = 0 } = given;
  if (lease > lifetime)
    throw given.lease === undefined
      ? new PolicyError('lifetime', `must not be shorter than the lease (${lease} ms), got ${lifetime}`)
      : new PolicyError('lease', `must not be longer than the lifetime (${lifetime} ms), got ${lease}`);
  return { lifetime, lease, wait };
}
