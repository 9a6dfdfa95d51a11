import type { CallUrl } from '../http/call-url.ts';
import { PolicyError } from '../model/errors.ts';
import type { DispatcherLike, FetchLike, Options, Policy } from '../model/options.ts';
import type { ResolvedPolicy } from '../model/policy.ts';
import { defaults } from './defaults.ts';
import { compileEndpoints } from './endpoints.ts';
import { type EndpointPattern, parseEndpoint, rulePath } from './pattern.ts';
import { overlay, resolvePolicy } from './resolve.ts';
import { forExtension, forOneCall, scopeOfRule } from './sharing.ts';
import { findUnreachable } from './unreachable.ts';
import { type CheckedOptions, checkOptions, checkPolicy } from './validate.ts';
import type { WholePolicy } from './whole-policy.ts';

/** What a client's options come to. */
export interface Policies {
  readonly fetch: FetchLike | undefined;
  readonly dispatcher: DispatcherLike | undefined;
  /** What holds where no endpoint rule does. */
  readonly base: ResolvedPolicy;
  /** What holds by each endpoint rule, in the order in which they are looked at. */
  readonly rules: readonly ResolvedPolicy[];
  /**
   * The policy for a call: the first endpoint rule that matches, laid over the client's, and then `override`.
   * @throws PolicyError if `override` is wrong
   */
  find(method: string, url: CallUrl, override: Policy | undefined): ResolvedPolicy;
  /**
   * The same with other options laid over. Their endpoint rules come before the ones there are; a rule with the
   * same key takes the place of the old one.
   */
  extend(options: Options): Policies;
}

/** A policy, and what it was made of. */
interface Layer {
  readonly whole: WholePolicy;
  readonly resolved: ResolvedPolicy;
}

/** An endpoint rule as it was written, whatever it is laid over. */
interface Rule {
  readonly key: string;
  readonly pattern: EndpointPattern;
  readonly policy: Policy;
  readonly scope: ReturnType<typeof scopeOfRule>;
}

/** @throws PolicyError if anything in the options is wrong, endpoint rules included */
export function compilePolicies(options: Options): Policies {
  return buildPolicies(checkOptions(options));
}

/** The same for options that have been checked. @throws PolicyError if they contradict each other */
export function buildPolicies(options: CheckedOptions): Policies {
  return lay(options, defaults, [], undefined, undefined);
}

/** Lays options over what there is. */
function lay(
  { endpoints = new Map(), ...more }: CheckedOptions,
  base: WholePolicy,
  rules: readonly Rule[],
  fetch: FetchLike | undefined,
  dispatcher: DispatcherLike | undefined,
): Policies {
  const newer = [...endpoints].map(([key, policy]) => rule(key, policy));
  refuseUnreachable(newer);
  const older = rules.filter(({ key }) => !endpoints.has(key));
  const scope = more.breaker ? more.breaker.scope : undefined;
  return build(
    overlay(base, more, '', scope),
    [...newer, ...older],
    more.fetch ?? fetch,
    more.dispatcher ?? dispatcher,
  );
}

function build(
  base: WholePolicy,
  rules: readonly Rule[],
  fetch: FetchLike | undefined,
  dispatcher: DispatcherLike | undefined,
): Policies {
  const home = layer(base, undefined, '');
  const compiled = rules.map(({ key, pattern, policy, scope }) => ({
    ...pattern,
    ...layer(overlay(base, policy, rulePath(key), scope), key, rulePath(key), home),
  }));
  const match = compileEndpoints(compiled);

  return Object.freeze({
    fetch,
    dispatcher,
    base: home.resolved,
    rules: compiled.map(({ resolved }) => resolved),
    find(method: string, url: CallUrl, override: Policy | undefined): ResolvedPolicy {
      const { whole, resolved } = match(method, url) ?? home;
      if (override === undefined) return resolved;
      const over = forOneCall(checkPolicy(override, 'policy'), 'policy');
      return resolvePolicy(overlay(whole, over, 'policy'), resolved.endpoint, 'policy');
    },
    extend: (options: Options) => lay(forExtension(checkOptions(options)), base, rules, fetch, dispatcher),
  });
}

function layer(whole: WholePolicy, endpoint: string | undefined, path: string, base?: Layer): Layer {
  return { whole, resolved: resolvePolicy(whole, endpoint, path, base) };
}

/** Rules of a client that is extended may well be hidden by those of the extension: that is what it is for. */
function refuseUnreachable(rules: readonly Rule[]): void {
  const found = findUnreachable(rules.map(({ key, pattern }) => ({ key, ...pattern })));
  if (found === undefined) return;
  const { rule, taken } = found;
  throw new PolicyError(
    rulePath(rule.key),
    `can never apply: ${rulePath(taken.key)} comes before it and takes every such request; the first rule that matches ` +
      'applies, so write the narrower one first',
  );
}

function rule(key: string, policy: Policy): Rule {
  return { key, pattern: parseEndpoint(key), policy, scope: scopeOfRule(policy, rulePath(key)) };
}
