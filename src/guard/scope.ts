import type { BreakerRule, CircuitBreaker } from './breaker.ts';
import { Budget, type BudgetRule } from './budget.ts';
import type { Guard } from './guard.ts';

/** The rules of the guards; `false`: the call goes without. */
export interface GuardRules {
  readonly breaker: BreakerRule | false;
  readonly budget: BudgetRule | false;
}

/** What calls that share a scope share: its guards, each made when first used, by the rules of the call that needs it. */
export class Scope {
  readonly name: string;
  breaker: CircuitBreaker | undefined;
  budget: Budget | undefined;
  readonly #newBreaker: (rule: BreakerRule) => CircuitBreaker;
  /** Guards that go by a rule which may have been replaced. */
  readonly #outdated = new Set<Guard>();

  constructor(name: string, newBreaker: (rule: BreakerRule) => CircuitBreaker) {
    this.name = name;
    this.#newBreaker = newBreaker;
  }

  /** The guards that the rules ask for, in the order in which an attempt passes them. */
  guards({ breaker, budget }: GuardRules): readonly Guard[] {
    const guards: Guard[] = [];
    if (breaker !== false) guards.push(this.breakerBy(breaker));
    if (budget !== false) guards.push(this.budgetBy(budget));
    return guards;
  }

  breakerBy(rule: BreakerRule): CircuitBreaker {
    this.breaker ??= this.#newBreaker(rule);
    if (this.#outdated.delete(this.breaker)) this.breaker.adopt(rule);
    return this.breaker;
  }

  budgetBy(rule: BudgetRule): Budget {
    this.budget ??= new Budget(rule);
    if (this.#outdated.delete(this.budget)) this.budget.adopt(rule);
    return this.budget;
  }

  /** The rules were updated: guards go on with what they know, by the rule that the next call brings. */
  adoptRules(): void {
    if (this.breaker !== undefined) this.#outdated.add(this.breaker);
    if (this.budget !== undefined) this.#outdated.add(this.budget);
  }
}
