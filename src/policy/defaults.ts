import type { Dialect } from '../model/dialect.ts';
import type { LimitOptions } from '../model/options.ts';
import { v4 } from '../platform/uuid.ts';
import type { WholePolicy } from './whole-policy.ts';

/** The defaults of all options. Times are in milliseconds. */
export const defaults = {
  timeout: { attempt: 10_000, idle: 60_000, body: Number.POSITIVE_INFINITY, total: 30_000 },
  retry: {
    attempts: 5,
    base: 100,
    factor: 3,
    cap: 2_700,
    statuses: [408, 425, 429, 500, 502, 503, 504, 529],
    retryAfter: 20_000,
  },
  idempotency: 'default',
  breaker: {
    scope: 'origin',
    threshold: 0.8,
    minimum: 12,
    window: 10_000,
    cooldown: 500,
    maxCooldown: 2_000,
  },
  budget: { ratio: 0.2, reserve: 4 },
  limit: false,
  hedge: false,
  scope: 'origin',
  buffer: false,
  patience: 30_000,
  quota: false,
  fallback: false,
  vouched: false,
} as const satisfies WholePolicy;

/** The defaults of a limit's members: a limit is off by default. */
export const limitDefaults = { concurrency: 'adaptive', queue: 1_000 } as const satisfies LimitOptions;
/** The defaults of `hedge` if an object is given. */
export const hedgeDefaults = { after: 'p95', ratio: 0.05 } as const satisfies WholePolicy['hedge'];

/** The defaults of a dialect's members. */
export const dialectDefaults = {
  format: 'plain',
  maxLength: 255,
  /** One day. */
  lifetime: 86_400_000,
  retryStatuses: [409],
  finalStatuses: [422],
  generate: () => v4(),
  required: false,
} as const satisfies Partial<Dialect>;
