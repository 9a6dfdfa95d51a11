import { PolicyError } from '../verdict/errors.ts';
import { join } from './checks.ts';
import type { Policy } from './options.ts';

/**
 * An endpoint rule that sets breaker numbers of its own has a breaker of its own: its numbers must not depend on
 * which call to the origin came first, nor change the breaker that all of them share.
 */
export function withOwnBreaker(rule: Policy, path: string): Policy {
  const { breaker } = rule;
  if (breaker === undefined || breaker === false) return rule;
  const { scope, ...numbers } = breaker;
  const [number] = Object.keys(numbers);
  if (number === undefined || (scope !== undefined && scope !== 'origin')) return rule;
  if (scope === undefined) {
    return Object.freeze({ ...rule, breaker: Object.freeze({ ...numbers, scope: 'endpoint' as const }) });
  }
  throw new PolicyError(
    join(path, `breaker.${number}`),
    'cannot be set in a rule whose breaker.scope is "origin", for all calls to an origin share one breaker; ' +
      'leave the scope out and the rule has a breaker of its own, or set the numbers outside of endpoints',
  );
}

/** A breaker outlives the call, so that one call can only step around it, not change it. */
export function forOneCall(policy: Policy, path: string): Policy {
  if (policy.breaker === undefined || policy.breaker === false) return policy;
  throw new PolicyError(
    join(path, 'breaker'),
    'must be false here, got an object: a breaker outlives the call, so set it in createFetch or an endpoint rule',
  );
}
