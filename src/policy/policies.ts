import type { CallUrl } from '../http/call-url.ts';
import { PolicyError } from '../model/errors.ts';
import type { ExplainedValue } from '../model/explanation.ts';
import type { DispatcherLike, FetchLike, Policy } from '../model/options.ts';
import type { ResolvedPolicy } from '../model/policy.ts';
import { defaults } from './defaults.ts';
import { compileEndpoints } from './endpoints.ts';
import { type EndpointPattern, parseEndpoint, rulePath } from './pattern.ts';
import { mergePolicy, resolvePolicy } from './resolve.ts';
import { forOneCall, scopeOfRule } from './sharing.ts';
import { trace, type WrittenPolicy } from './trace.ts';
import { findUnreachable } from './unreachable.ts';
import { type CheckedOptions, checkPolicy } from './validate.ts';
import type { WholePolicy } from './whole-policy.ts';

/** The compiled rules of a client. */
export interface Policies {
  readonly fetch: FetchLike | undefined;
  readonly dispatcher: DispatcherLike | undefined;
  /** The policy of calls that no endpoint rule matches. */
  readonly base: ResolvedPolicy;
  /** The policies of the endpoint rules, in the order in which they are tried. */
  readonly rules: readonly ResolvedPolicy[];
  /**
   * The policy for a call: the first endpoint rule that matches, merged over the client's policy, and `override` merged over
   * both.
   * @throws {PolicyError} `override` is wrong.
   */
  find(method: string, url: CallUrl, override: Policy | undefined): ResolvedPolicy;
  /** The same, with every value and its source. */
  explain(method: string, url: CallUrl, override: Policy | undefined): Explained;
  /**
   * These policies with other options merged over them. The new endpoint rules come before the present ones. A rule with the same
   * key replaces the old one.
   */
  merge(options: CheckedOptions): Policies;
}

/** The policy for a call, and the sources of its values. */
export interface Explained {
  readonly policy: ResolvedPolicy;
  readonly whole: WholePolicy;
  readonly values: Record<string, ExplainedValue>;
}

/** A policy in the user's terms and in resolved form. */
interface Layer {
  readonly whole: WholePolicy;
  readonly resolved: ResolvedPolicy;
}

/** An endpoint rule as it was written, before it is merged. */
interface Rule {
  readonly key: string;
  readonly pattern: EndpointPattern;
  readonly policy: Policy;
  readonly scope: ReturnType<typeof scopeOfRule>;
}

/** The parts that policies are built from. */
interface Parts {
  readonly base: WholePolicy;
  readonly rules: readonly Rule[];
  /** The policies that `base` was merged from. */
  readonly written: readonly WrittenPolicy[];
  readonly fetch: FetchLike | undefined;
  readonly dispatcher: DispatcherLike | undefined;
}

const nothing: Parts = { base: defaults, rules: [], written: [], fetch: undefined, dispatcher: undefined };

/** Compiles options that are checked already. @throws {PolicyError} The options contradict each other. */
export function buildPolicies(options: CheckedOptions): Policies {
  return mergeOptions(options, nothing, 'createFetch');
}

/** Merges options over the parts below. */
function mergeOptions(
  { endpoints = new Map(), ...more }: CheckedOptions,
  below: Parts,
  by: string,
): Policies {
  const newer = [...endpoints].map(([key, policy]) => rule(key, policy));
  refuseUnreachable(newer);
  const older = below.rules.filter(({ key }) => !endpoints.has(key));
  const scope = more.breaker ? more.breaker.scope : undefined;
  return build({
    base: mergePolicy(below.base, more, '', scope),
    rules: [...newer, ...older],
    written: [...below.written, { by, policy: more }],
    fetch: more.fetch ?? below.fetch,
    dispatcher: more.dispatcher ?? below.dispatcher,
  });
}

function build(parts: Parts): Policies {
  const { base, rules, written, fetch, dispatcher } = parts;
  const home = layer(base, undefined, '');
  const compiled = rules.map(({ key, pattern, policy, scope }) => ({
    ...pattern,
    policy,
    ...layer(mergePolicy(base, policy, rulePath(key), scope), key, rulePath(key), home),
  }));
  const match = compileEndpoints(compiled);

  return Object.freeze({
    fetch,
    dispatcher,
    base: home.resolved,
    rules: compiled.map(({ resolved }) => resolved),
    find(method: string, url: CallUrl, override: Policy | undefined): ResolvedPolicy {
      const { whole, resolved } = match(method, url) ?? home;
      return override === undefined
        ? resolved
        : mergeForCall(whole, checkCall(override), resolved.endpoint).resolved;
    },
    explain(method: string, url: CallUrl, override: Policy | undefined): Explained {
      const found = match(method, url);
      const own = override === undefined ? undefined : checkCall(override);
      const { whole, resolved } = found ?? home;
      const layers = [
        ...written,
        ...(found ? [{ by: found.resolved.endpoint ?? '', policy: found.policy }] : []),
        ...(own ? [{ by: 'policy', policy: own }] : []),
      ];
      const last = own === undefined ? { whole, resolved } : mergeForCall(whole, own, resolved.endpoint);
      return { policy: last.resolved, whole: last.whole, values: trace(last.whole, layers) };
    },
    merge: (options: CheckedOptions) => mergeOptions(options, parts, 'extend'),
  });
}

function checkCall(override: Policy): Policy {
  return forOneCall(checkPolicy(override, 'policy'), 'policy');
}

function mergeForCall(whole: WholePolicy, own: Policy, endpoint: string | undefined): Layer {
  const merged = mergePolicy(whole, own, 'policy');
  return { whole: merged, resolved: resolvePolicy(merged, endpoint, 'policy') };
}

function layer(whole: WholePolicy, endpoint: string | undefined, path: string, base?: Layer): Layer {
  return { whole, resolved: resolvePolicy(whole, endpoint, path, base) };
}

/** Refuses rules that can never apply. An extension's rule may well hide a rule of the extended client: that is its purpose. */
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
