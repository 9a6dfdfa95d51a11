import { dialects } from '../model/dialect.ts';
import { PolicyError } from '../model/errors.ts';
import type { BreakerOptions, Policy } from '../model/options.ts';
import type { ResolvedDialect, ResolvedPolicy } from '../model/policy.ts';
import { join } from '../options/checks.ts';
import { defaults, hedgeDefaults, limitDefaults } from './defaults.ts';
import { namesDialect, resolveDialect } from './dialect.ts';
import type { WholePolicy } from './whole-policy.ts';

/**
 * Merges one policy over another, part by part and member by member. An object over `false` switches the part on again, with the
 * defaults and the object's own members. A dialect or a buffer is replaced as a whole.
 *
 * @param path where `over` was written, for messages
 * @param scope the new scope, if it changes: see sharing.ts
 * @throws {PolicyError} An attempt would be longer than its call.
 */
export function mergePolicy(
  base: WholePolicy,
  over: Policy,
  path: string,
  scope: BreakerOptions['scope'] = base.scope,
): WholePolicy {
  const timeout = mergePart(base.timeout, over.timeout, defaults.timeout);
  refuseLongAttempt(over.timeout, timeout, path);
  return {
    timeout,
    retry: mergePart(base.retry, over.retry, defaults.retry),
    idempotency: (over.idempotency as WholePolicy['idempotency'] | undefined) ?? base.idempotency,
    vouched: over.idempotency === undefined ? base.vouched : namesDialect(over.idempotency),
    breaker: mergePart(base.breaker, over.breaker, defaults.breaker),
    budget: mergePart(base.budget, over.budget, defaults.budget),
    limit: mergePart(base.limit, over.limit, limitDefaults),
    hedge: mergePart(base.hedge, over.hedge, hedgeDefaults),
    buffer: over.buffer ?? base.buffer,
    patience: over.patience ?? base.patience,
    quota: over.quota ?? base.quota,
    fallback: over.fallback ?? base.fallback,
    scope,
  };
}

function mergePart<Part extends object>(
  base: Part | false,
  over: Partial<Part> | false | undefined,
  preset: NoInfer<Part>,
): Part | false {
  if (over === undefined) return base;
  return over === false ? false : { ...(base || preset), ...over };
}

/**
 * Turns a policy into the form that calls work with.
 *
 * @param endpoint the endpoint rule of the policy
 * @param path where the last merged policy was written, for messages
 * @param base the policy below. Parts that did not change are taken from it, so that a thousand rules share them.
 * @throws {PolicyError} The members contradict each other.
 */
export function resolvePolicy(
  policy: WholePolicy,
  endpoint: string | undefined,
  path: string,
  base?: { readonly whole: WholePolicy; readonly resolved: ResolvedPolicy },
): ResolvedPolicy {
  const {
    timeout,
    retry,
    idempotency,
    breaker,
    budget,
    limit,
    hedge,
    buffer,
    patience,
    quota,
    fallback,
    vouched,
    scope,
  } = policy;
  if (retry !== false) {
    refuseAbove(path, ['retry.base', retry.base], ['retry.cap', retry.cap]);
  }
  if (breaker !== false) {
    const { cooldown, maxCooldown } = resolveCooldowns(breaker);
    refuseAbove(path, ['breaker.cooldown', cooldown], ['breaker.maxCooldown', maxCooldown]);
  }
  function part<Name extends 'timeout' | 'retry' | 'idempotency' | 'breaker'>(
    name: Name,
    make: () => ResolvedPolicy[Name],
  ): ResolvedPolicy[Name] {
    return base !== undefined && base.whole[name] === policy[name] ? base.resolved[name] : make();
  }

  return Object.freeze({
    endpoint,
    timeout: part('timeout', () => resolveTimeout(timeout)),
    retry: part('retry', () => resolveRetry(retry)),
    idempotency: part('idempotency', () => resolveIdempotency(idempotency, join(path, 'idempotency'))),
    breaker: part('breaker', () => resolveBreaker(breaker)),
    budget: Object.freeze(budget),
    limit: Object.freeze(limit),
    hedge: Object.freeze(hedge),
    buffer: buffer === false ? 0 : buffer,
    patience: patience === false ? 0 : patience,
    quota,
    fallback: fallback === false ? undefined : fallback,
    vouched,
    scope,
  });
}

/**
 * Compares only the `attempt` that this policy itself sets. If the policy sets a `total` below an inherited or default `attempt`,
 * the attempt ends with the call.
 */
function refuseLongAttempt(over: Policy['timeout'], merged: WholePolicy['timeout'], path: string): void {
  if (!over || !merged || !over.attempt || !merged.total || over.attempt === Number.POSITIVE_INFINITY) return;
  refuseAbove(path, ['timeout.attempt', over.attempt], ['timeout.total', merged.total]);
}

function resolveTimeout(timeout: WholePolicy['timeout']): ResolvedPolicy['timeout'] {
  if (timeout === false) return false;
  const limit = (value: number | false) => (value === false ? Number.POSITIVE_INFINITY : value);
  const { attempt, idle, body, total } = timeout;
  return Object.freeze({
    attempt: limit(attempt),
    idle: limit(idle),
    body: limit(body),
    total: limit(total),
  });
}

function resolveBreaker(breaker: WholePolicy['breaker']): ResolvedPolicy['breaker'] {
  if (breaker === false) return false;
  const { scope: _scope, ...numbers } = breaker;
  return Object.freeze({ ...numbers, ...resolveCooldowns(breaker) });
}

/** A long `cooldown` raises the default `maxCooldown`, so that a user need not set both. */
function resolveCooldowns({ cooldown, maxCooldown }: Required<BreakerOptions>): {
  cooldown: number;
  maxCooldown: number;
} {
  const isDefault = maxCooldown === defaults.breaker.maxCooldown;
  return { cooldown, maxCooldown: isDefault ? Math.max(cooldown, maxCooldown) : maxCooldown };
}

function resolveRetry(retry: WholePolicy['retry']): ResolvedPolicy['retry'] {
  const { attempts, base, factor, cap, statuses, retryAfter, when } =
    retry === false ? { ...defaults.retry, attempts: 1, when: undefined } : retry;
  return Object.freeze({ attempts, base, factor, cap, retryAfter, statuses: new Set(statuses), when });
}

function resolveIdempotency(idempotency: WholePolicy['idempotency'], path: string): ResolvedDialect | false {
  if (idempotency === false) return false;
  return resolveDialect(typeof idempotency === 'string' ? dialects[idempotency] : idempotency, path);
}

function refuseAbove(path: string, low: readonly [string, number], high: readonly [string, number]): void {
  if (low[1] <= high[1]) return;
  throw new PolicyError(
    join(path, low[0]),
    `must not be above ${high[0]} (${high[1]}), got ${low[1]}; an option left out has its default`,
  );
}
