import type { Runtime } from '../runtime.ts';
import { type Breaker, type BreakerRule, CircuitBreaker, type Transition } from './breaker.ts';
import { Budget, type BudgetRule } from './budget.ts';

/** What calls that share a scope share. Made when first used, by the rules of the call that needs it. */
export interface Scope {
  readonly name: string;
  breaker: Breaker | undefined;
  budget: Budget | undefined;
}

/** How many scopes are kept. */
const LIMIT = 1_000;

/** The scopes in use, the least recently used first. Bounded: a scope function may name users or tenants. */
export class Scopes {
  readonly #scopes = new Map<string, Scope>();
  readonly #runtime: Runtime;
  readonly #onChange: (scope: string, transition: Transition) => void;
  #latest: Scope | undefined;

  constructor(runtime: Runtime, onChange: (scope: string, transition: Transition) => void) {
    this.#runtime = runtime;
    this.#onChange = onChange;
  }

  /** The scope of that name, with what the rules ask for. */
  use(name: string, breaker: BreakerRule | false, budget: BudgetRule | false): Scope {
    const scope = this.#touch(name);
    if (breaker !== false) scope.breaker ??= this.#newBreaker(name, breaker);
    if (budget !== false) scope.budget ??= new Budget(budget, this.#runtime.now());
    return scope;
  }

  /** The breaker of a scope, if there is one. Does not count as use. */
  breaker(name: string): Breaker | undefined {
    return this.#scopes.get(name)?.breaker;
  }

  #touch(name: string): Scope {
    if (this.#latest?.name === name) return this.#latest;
    let scope = this.#scopes.get(name);
    if (scope === undefined) {
      this.#makeRoom();
      scope = { name, breaker: undefined, budget: undefined };
    } else {
      this.#scopes.delete(name);
    }
    this.#scopes.set(name, scope);
    this.#latest = scope;
    return scope;
  }

  /** Forgets the scope that was not used for longest; an open breaker only if there is nothing else. */
  #makeRoom(): void {
    if (this.#scopes.size < LIMIT) return;
    let victim: string | undefined;
    for (const { name, breaker } of this.#scopes.values()) {
      victim ??= name;
      if (breaker === undefined || breaker.state === 'closed') {
        victim = name;
        break;
      }
    }
    if (victim !== undefined) this.#scopes.delete(victim);
  }

  #newBreaker(name: string, rule: BreakerRule): Breaker {
    return new CircuitBreaker(rule, this.#runtime, (transition) => this.#onChange(name, transition));
  }
}
