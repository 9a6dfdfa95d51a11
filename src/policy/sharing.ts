import { PolicyError } from '../model/errors.ts';
import type { BreakerOptions, Policy } from '../model/options.ts';
import { join } from '../options/checks.ts';

type ScopeOption = BreakerOptions['scope'];

/**
 * The scope that an endpoint rule asks for. A rule that sets numbers of its own for breaker or budget has a scope of its
 * own: its numbers must not depend on which call to the origin came first, nor change what all of them share.
 */
export function scopeOfRule(rule: Policy, path: string): ScopeOption | undefined {
  const scope = rule.breaker ? rule.breaker.scope : undefined;
  const number = firstNumber(rule);
  if (number === undefined) return scope;
  if (scope !== 'origin') return scope ?? 'endpoint';
  throw new PolicyError(
    join(path, number),
    'cannot be set in a rule whose breaker.scope is "origin", for all calls to an origin share one breaker and one ' +
      'budget; leave the scope out and the rule has its own, or set the numbers outside of endpoints',
  );
}

/** Breaker and budget outlive the call, so that one call can only step around them, not change them. */
export function forOneCall(policy: Policy, path: string): Policy {
  for (const part of ['breaker', 'budget'] as const) {
    if (policy[part] === undefined || policy[part] === false) continue;
    throw new PolicyError(
      join(path, part),
      `must be false here, got an object: a ${part} outlives the call, so set it in createFetch or an endpoint rule`,
    );
  }
  return policy;
}

/** An extended client shares breakers and budgets, and so their numbers. Its own endpoint rules may have their own. */
export function forExtension<Options extends Policy>(options: Options): Options {
  const number = firstNumber(options);
  if (number === undefined) return options;
  throw new PolicyError(
    number,
    'cannot be set in extend: the extended client shares breakers and budgets with the one it extends; ' +
      'set it there, or in an endpoint rule',
  );
}

/** The path of a number for breaker or budget, if the policy sets any. */
function firstNumber({ breaker, budget }: Policy): string | undefined {
  const ofBreaker = Object.keys(breaker || {}).find((name) => name !== 'scope');
  if (ofBreaker !== undefined) return `breaker.${ofBreaker}`;
  const [ofBudget] = Object.keys(budget || {});
  return ofBudget && `budget.${ofBudget}`;
}
