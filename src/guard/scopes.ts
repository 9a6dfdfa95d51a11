import type { BreakerRecord, Transition } from '../model/breaker.ts';
import type { Runtime } from '../platform/runtime.ts';
import { type BreakerRule, CircuitBreaker } from './breaker.ts';
import { FailureWindows } from './failure-windows.ts';
import { Scope } from './scope.ts';

/** The number of scopes that are kept. */
const LIMIT = 1_000;

/**
 * The scopes in use, the least recently used first. Their number is limited, because a scope function may name users or tenants.
 */
export class Scopes {
  readonly #scopes = new Map<string, Scope>();
  /** The breakers of another process. Each waits here until its scope is used, because only then its rule is known. */
  readonly #inherited: Map<string, BreakerRecord>;
  readonly #windows = new FailureWindows();
  readonly #runtime: Runtime;
  readonly #onChange: (scope: string, transition: Transition) => void;
  readonly #onForget: (scope: Scope) => void;
  #latest: Scope | undefined;

  constructor(
    runtime: Runtime,
    onChange: (scope: string, transition: Transition) => void,
    inherited: readonly (BreakerRecord & { readonly scope: string })[] = [],
    onForget: (scope: Scope) => void = () => {},
  ) {
    this.#runtime = runtime;
    this.#onChange = onChange;
    this.#onForget = onForget;
    this.#inherited = new Map(inherited.map(({ scope, ...record }) => [scope, record]));
  }

  /** The scope of that name. Makes it if there is none. */
  use(name: string): Scope {
    if (this.#latest?.name === name) return this.#latest;
    let scope = this.#scopes.get(name);
    if (scope === undefined) {
      this.#makeRoom();
      scope = new Scope(name, this.#runtime, (rule) => this.#newBreaker(name, rule));
    } else {
      this.#scopes.delete(name);
    }
    this.#scopes.set(name, scope);
    this.#latest = scope;
    return scope;
  }

  /**
   * The breaker of a scope; undefined: there is none. `rule` is for an inherited breaker. This does not count as use of the
   * scope.
   */
  breaker(name: string, rule: BreakerRule): CircuitBreaker | undefined {
    if (this.#inherited.has(name)) return this.use(name).breakerBy(rule);
    return this.#scopes.get(name)?.breaker;
  }

  /** The names of all scopes, also of inherited scopes that were not used yet. */
  names(): Set<string> {
    return new Set([...this.#inherited.keys(), ...this.#scopes.keys()]);
  }

  /** The scopes in use, the least recently used first. */
  all(): Iterable<Scope> {
    return this.#scopes.values();
  }

  /**
   * The records of all breakers that are not closed, for another process. An inherited breaker that was never used is left out
   * once its time is over. Otherwise it would be passed on for ever.
   */
  records(): Map<string, BreakerRecord> {
    const now = this.#runtime.epoch();
    const records = new Map(
      [...this.#inherited].filter(([, { state, retryAt = 0 }]) => state === 'isolated' || retryAt > now),
    );
    for (const { name, breaker } of this.#scopes.values()) {
      const record = breaker?.record();
      if (record !== undefined) records.set(name, record);
    }
    return records;
  }

  /** Forgets all scopes. Calls under way keep the guards that they began with. */
  reset(): void {
    for (const { breaker } of this.#scopes.values()) breaker?.dropped();
    this.#scopes.clear();
    this.#inherited.clear();
    this.#latest = undefined;
  }

  /** The rules were updated: see `Scope`. */
  adoptRules(): void {
    for (const scope of this.#scopes.values()) scope.adoptRules();
  }

  /**
   * Drops the least recently used scope whose breaker is closed or absent; a scope with an open breaker only if there is no
   * other.
   */
  #makeRoom(): void {
    if (this.#scopes.size < LIMIT) return;
    let victim: Scope | undefined;
    for (const scope of this.#scopes.values()) {
      victim ??= scope;
      if (scope.breaker === undefined || scope.breaker.state === 'closed') {
        victim = scope;
        break;
      }
    }
    if (victim === undefined) return;
    this.#scopes.delete(victim.name);
    victim.breaker?.dropped();
    this.#onForget(victim);
  }

  #newBreaker(name: string, rule: BreakerRule): CircuitBreaker {
    const record = this.#inherited.get(name);
    this.#inherited.delete(name);
    const onChange = (transition: Transition) => this.#onChange(name, transition);
    return new CircuitBreaker(rule, this.#runtime, this.#windows, onChange, record);
  }
}
