import { PolicyError } from '../model/errors.ts';
import type { ResolvedPolicy } from '../model/policy.ts';
import { closest } from '../options/suggest.ts';
import { bareOrigin } from './scope-name.ts';

/** The scopes that calls of a client can have, as far as its rules tell. */
export class ScopeNames {
  readonly #ofRules = new Map<string, ResolvedPolicy>();
  /** Whether there is a scope function, which can return any name. */
  #isOpen = false;

  /** Adds the scopes of these rules: the rules of a client, of an extension or of an update. */
  learn(policies: Iterable<ResolvedPolicy>): void {
    for (const policy of policies) {
      const { scope, endpoint } = policy;
      if (typeof scope === 'function') this.#isOpen = true;
      if (scope === 'endpoint' && endpoint !== undefined) this.#ofRules.set(endpoint, policy);
    }
  }

  /** The policy of the endpoint rule with that scope. */
  policyOf(scope: string): ResolvedPolicy | undefined {
    return this.#ofRules.get(scope);
  }

  /**
   * The scope that a name stands for: `https://X.example:443/` is `https://x.example`.
   * @throws {PolicyError} No call can have that scope.
   */
  find(name: unknown): string {
    if (typeof name === 'string' && name !== '') {
      if (this.#ofRules.has(name)) return name;
      const origin = bareOrigin(name);
      if (origin !== undefined) return origin;
      if (this.#isOpen) return name;
    }
    const got = typeof name === 'string' ? JSON.stringify(name) : typeof name;
    throw new PolicyError(
      'scope',
      `must be an origin, such as "https://api.example", or the key of a rule that has a scope of its own, got ${got}` +
        this.#help(name),
    );
  }

  #help(name: unknown): string {
    if (typeof name !== 'string' || name === '') return '';
    const url = /^https?:\/\//i.test(name) && URL.canParse(name) ? new URL(name).origin : undefined;
    const meant = url ?? closest(name, [...this.#ofRules.keys()]);
    return meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
  }
}
