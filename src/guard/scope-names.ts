import { PolicyError } from '../model/errors.ts';
import type { ResolvedPolicy } from '../model/policy.ts';
import { closest } from '../options/suggest.ts';
import { bareOrigin } from './scope-name.ts';

/** The scopes that calls of a client can have, as far as its rules tell. */
export class ScopeNames {
  readonly #ofRules = new Map<string, ResolvedPolicy>();
  /** A function of the user's can name anything. */
  #isOpen = false;

  /** Adds the scopes of these rules: those of a client, of one extended from it, of an update. */
  learn(policies: Iterable<ResolvedPolicy>): void {
    for (const policy of policies) {
      const { scope, endpoint } = policy;
      if (typeof scope === 'function') this.#isOpen = true;
      if (scope === 'endpoint' && endpoint !== undefined) this.#ofRules.set(endpoint, policy);
    }
  }

  /** The policy of the endpoint rule whose scope that is. */
  policyOf(scope: string): ResolvedPolicy | undefined {
    return this.#ofRules.get(scope);
  }

  /**
   * The scope that somebody means: `https://X.example:443/` is `https://x.example`.
   * @throws {PolicyError} No call can have it.
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
