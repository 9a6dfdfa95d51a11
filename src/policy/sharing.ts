import { PolicyError } from '../model/errors.ts';
import type { BreakerOptions, Policy } from '../model/options.ts';
import { SHARED_PARTS } from '../model/policy.ts';
import { join } from '../options/checks.ts';

type ScopeOption = BreakerOptions['scope'];

/**
 * The scope that an endpoint rule asks for. A rule that sets numbers for breaker, budget or limit has a scope of its own. Otherwise
 * its numbers would depend on which call to the origin came first, and would change what all these calls share.
 */
export function scopeOfRule(rule: Policy, path: string): ScopeOption | undefined {
  const scope = rule.breaker ? rule.breaker.scope : undefined;
  const number = firstNumber(rule);
  if (number === undefined) return scope;
  if (scope !== 'origin') return scope ?? 'endpoint';
  throw new PolicyError(
    join(path, number),
    'cannot be set in a rule whose breaker.scope is "origin", which all calls to an origin share; ' +
      'leave the scope out and the rule has its own, or set the numbers outside of endpoints',
  );
}

/**
 * Checks the policy of a single call. Breaker, budget and limit outlive the call, so the call can only switch them off for itself.
 */
export function forOneCall(policy: Policy, path: string): Policy {
  for (const part of SHARED_PARTS) {
    if (policy[part] === undefined || policy[part] === false) continue;
    throw new PolicyError(
      join(path, part),
      `must be false here, got an object: a ${part} outlives the call, so set it in createFetch or an endpoint rule`,
    );
  }
  return policy;
}

/**
 * Checks the options of `extend`. An extended client shares breakers, budgets and limits, so it can't change their numbers, except in
 * endpoint rules of its own.
 */
export function forExtension<Options extends Policy>(options: Options): Options {
  const number = firstNumber(options);
  if (number === undefined) return options;
  throw new PolicyError(
    number,
    'cannot be set in extend, which shares breakers, budgets and limits; set it in the client that is extended, ' +
      'or in an endpoint rule',
  );
}

/** The path of the first number that the policy sets for breaker, budget or limit; undefined: it sets none. */
function firstNumber({ breaker, budget, limit }: Policy): string | undefined {
  const ofBreaker = Object.keys(breaker || {}).find((name) => name !== 'scope');
  if (ofBreaker !== undefined) return `breaker.${ofBreaker}`;
  const [ofBudget] = Object.keys(budget || {});
  if (ofBudget !== undefined) return `budget.${ofBudget}`;
  // A limit is off by default, so any object switches one on, an empty one too.
  return limit ? ['limit', ...Object.keys(limit).slice(0, 1)].join('.') : undefined;
}
