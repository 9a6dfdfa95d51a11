import type { BreakerSnapshot } from '../model/breaker.ts';
import type { Breakers } from '../model/client.ts';
import type { BreakerRule, CircuitBreaker } from './breaker.ts';
import type { ScopeNames } from './scope-names.ts';
import type { Scopes } from './scopes.ts';

/** The breakers of a client, for people and dashboards. `rule` is for scopes without a call yet. */
export function breakersOf(scopes: Scopes, rule: BreakerRule, names: ScopeNames): Breakers {
  return {
    get(name) {
      const scope = names.find(name);
      const breaker = scopes.breaker(scope, rule);
      return breaker && snapshot(scope, breaker);
    },
    isolate(name) {
      scopes.use(names.find(name)).breakerBy(rule).isolate();
    },
    restore(name) {
      scopes.breaker(names.find(name), rule)?.restore();
    },
    export() {
      return Array.from(scopes.records(), ([scope, record]) => ({ scope, ...record }));
    },
  };
}

function snapshot(scope: string, { state, since, retryAt }: CircuitBreaker): BreakerSnapshot {
  return { scope, state, since, ...(retryAt !== undefined && { retryAt }) };
}
