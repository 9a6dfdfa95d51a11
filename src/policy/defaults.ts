import { v4 } from 'uuid';
import type { Dialect } from '../model/dialect.ts';
import type { WholePolicy } from './whole-policy.ts';

/** What holds where the user said nothing. Times in milliseconds. */
export const defaults = {
  timeout: { attempt: 2_000, idle: 10_000, total: 30_000 },
  retry: {
    attempts: 4,
    base: 100,
    cap: 2_000,
    statuses: [408, 425, 429, 500, 502, 503, 504],
    retryAfter: 20_000,
  },
  idempotency: 'default',
  breaker: {
    scope: 'origin',
    threshold: 0.5,
    minimum: 20,
    window: 10_000,
    cooldown: 5_000,
    maxCooldown: 60_000,
  },
  budget: { ratio: 0.2, reserve: 3 },
  scope: 'origin',
  buffer: false,
} as const satisfies WholePolicy;

/** What holds where a dialect says nothing. */
export const dialectDefaults = {
  format: 'plain',
  maxLength: 255,
  /** A day. */
  lifetime: 86_400_000,
  retryStatuses: [409],
  finalStatuses: [422],
  generate: () => v4(),
} as const satisfies Partial<Dialect>;
