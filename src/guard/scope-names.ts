import { PolicyError } from '../model/errors.ts';
import { type ResolvedPolicy, SHARED_PARTS } from '../model/policy.ts';
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

  /**
   * Checks the rules of an extension. A scope that a rule already has is shared, so a rule of the same name can't set other numbers.
   * @throws {PolicyError} A number differs.
   */
  assertShared(policies: Iterable<ResolvedPolicy>): void {
    for (const { scope, endpoint, ...policy } of policies) {
      const known = scope === 'endpoint' && endpoint !== undefined && this.#ofRules.get(endpoint);
      if (known) assertSame(endpoint, known, policy);
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

type Numbers = Pick<ResolvedPolicy, (typeof SHARED_PARTS)[number]>;

function assertSame(endpoint: string, known: Numbers, wanted: Numbers): void {
  for (const part of SHARED_PARTS) {
    const [had, has]: (Readonly<Record<string, unknown>> | false)[] = [known[part], wanted[part]];
    if (!had || !has) continue;
    const name = Object.keys(has).find((key) => has[key] !== had[key]);
    if (name === undefined) continue;
    throw new PolicyError(
      `endpoints[${JSON.stringify(endpoint)}].${part}.${name}`,
      `cannot be ${has[name]} here: the rule of the client that is extended says ${had[name]}, and they share one ${part}; ` +
        'set it there, or by update()',
    );
  }
}
