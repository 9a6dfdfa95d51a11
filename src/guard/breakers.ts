import type { BreakerSnapshot, QuotaSnapshot, ScopeSnapshot } from '../model/breaker.ts';
import type { Breakers } from '../model/client.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { BreakerRule, CircuitBreaker } from './breaker.ts';
import type { KnownQuota } from './quota.ts';
import type { ScopeNames } from './scope-names.ts';
import type { Scopes } from './scopes.ts';

/** The breakers of a client, for people and dashboards. `ruleOf` gives the rule of a scope that no call has used yet. */
export function breakersOf(
  scopes: Scopes,
  ruleOf: (scope: string) => BreakerRule,
  names: ScopeNames,
): Breakers {
  const find = (name: string) => {
    const scope = names.find(name);
    return { scope, breaker: scopes.breaker(scope, ruleOf(scope)) };
  };
  return {
    get(name) {
      const { scope, breaker } = find(name);
      return breaker && snapshot(scope, breaker);
    },
    all() {
      return [...scopes.names()].flatMap((scope) => {
        const breaker = scopes.breaker(scope, ruleOf(scope));
        return breaker === undefined ? [] : [snapshot(scope, breaker)];
      });
    },
    isolate(name) {
      const scope = names.find(name);
      scopes.use(scope).breakerBy(ruleOf(scope)).isolate();
      // Calls that wait for this breaker can't go on any more, so the room lets them fail now.
      scopes.use(scope).changed();
    },
    restore(name) {
      const { scope, breaker } = find(name);
      if (breaker === undefined) return;
      breaker.restore();
      scopes.use(scope).changed();
    },
    export() {
      return Array.from(scopes.records(), ([scope, record]) => ({ scope, ...record }));
    },
  };
}

/** The present state of every scope, for people and gauges. */
export function describeScopes(
  scopes: Scopes,
  { now, epoch }: Pick<Runtime, 'now' | 'epoch'>,
): ScopeSnapshot[] {
  const [at, date] = [now(), epoch()];
  return Array.from(
    scopes.all(),
    ({ name: scope, breaker, budget, limit, quota, queued, waiting, inFlight, rejected }) => ({
      scope,
      ...(breaker && { breaker: snapshot(scope, breaker) }),
      ...(budget && { budget: budget.level(at) }),
      ...(limit && { limit: limit.concurrency, queued }),
      ...(quota && { quotas: quota.known(at).map((known) => quotaSnapshot(known, date)) }),
      inFlight,
      waiting: waiting + queued,
      rejected,
    }),
  );
}

function quotaSnapshot({ name, remaining, limit, reset }: KnownQuota, date: number): QuotaSnapshot {
  return { name, remaining, ...(limit !== undefined && { limit }), resetAt: date + reset };
}

function snapshot(scope: string, { state, since, retryAt, counts }: CircuitBreaker): BreakerSnapshot {
  return { scope, state, since, ...(retryAt !== undefined && { retryAt }), ...counts };
}
