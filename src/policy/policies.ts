import type { CallUrl } from '../http/call-url.ts';
import { PolicyError } from '../model/errors.ts';
import type { ExplainedValue } from '../model/explanation.ts';
import type { DispatcherLike, FetchLike, Options, Policy } from '../model/options.ts';
import type { ResolvedPolicy } from '../model/policy.ts';
import { defaults } from './defaults.ts';
import { compileEndpoints } from './endpoints.ts';
import { type EndpointPattern, parseEndpoint, rulePath } from './pattern.ts';
import { overlay, resolvePolicy } from './resolve.ts';
import { forOneCall, scopeOfRule } from './sharing.ts';
import { trace, type WrittenPolicy } from './trace.ts';
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
   * The policy for a call: the first endpoint rule that matches, merged over the client's, and then `override`.
   * @throws PolicyError if `override` is wrong
   */
  find(method: string, url: CallUrl, override: Policy | undefined): ResolvedPolicy;
  /** The same, with every value that holds and who said so. */
  explain(method: string, url: CallUrl, override: Policy | undefined): Explained;
  /**
   * The same with other options merged over. Their endpoint rules come before the ones there are; a rule with the
   * same key takes the place of the old one.
   */
  layOver(options: CheckedOptions): Policies;
}

/** A policy for a call, and where its values come from. */
export interface Explained {
  readonly policy: ResolvedPolicy;
  readonly whole: WholePolicy;
  readonly values: Record<string, ExplainedValue>;
}

/** A policy, and what it was made of. */
interface Layer {
  readonly whole: WholePolicy;
  readonly resolved: ResolvedPolicy;
}

/** An endpoint rule as it was written, whatever it is merged over. */
interface Rule {
  readonly key: string;
  readonly pattern: EndpointPattern;
  readonly policy: Policy;
  readonly scope: ReturnType<typeof scopeOfRule>;
}

/** All that policies are built of. */
interface Parts {
  readonly base: WholePolicy;
  readonly rules: readonly Rule[];
  /** What `base` was laid together from. */
  readonly written: readonly WrittenPolicy[];
  readonly fetch: FetchLike | undefined;
  readonly dispatcher: DispatcherLike | undefined;
}

const nothing: Parts = { base: defaults, rules: [], written: [], fetch: undefined, dispatcher: undefined };

/** @throws PolicyError if anything in the options is wrong, endpoint rules included */
export function compilePolicies(options: Options): Policies {
  return buildPolicies(checkOptions(options));
}

/** The same for options that have been checked. @throws PolicyError if they contradict each other */
export function buildPolicies(options: CheckedOptions): Policies {
  return lay(options, nothing, 'createFetch');
}

/** Lays options over what there is. */
function lay({ endpoints = new Map(), ...more }: CheckedOptions, below: Parts, by: string): Policies {
  const newer = [...endpoints].map(([key, policy]) => rule(key, policy));
  refuseUnreachable(newer);
  const older = below.rules.filter(({ key }) => !endpoints.has(key));
  const scope = more.breaker ? more.breaker.scope : undefined;
  return build({
    base: overlay(below.base, more, '', scope),
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
      return override === undefined
        ? resolved
        : layForCall(whole, checkCall(override), resolved.endpoint).resolved;
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
      const last = own === undefined ? { whole, resolved } : layForCall(whole, own, resolved.endpoint);
      return { policy: last.resolved, whole: last.whole, values: trace(last.whole, layers) };
    },
    layOver: (options: CheckedOptions) => lay(options, parts, 'extend'),
  });
}

function checkCall(override: Policy): Policy {
  return forOneCall(checkPolicy(override, 'policy'), 'policy');
}

function layForCall(whole: WholePolicy, own: Policy, endpoint: string | undefined): Layer {
  const laid = overlay(whole, own, 'policy');
  return { whole: laid, resolved: resolvePolicy(laid, endpoint, 'policy') };
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
