import { breakersOf, describeScopes } from '../guard/breakers.ts';
import type { Scope } from '../guard/scope.ts';
import { ScopeNames } from '../guard/scope-names.ts';
import { Scopes } from '../guard/scopes.ts';
import { redacted } from '../http/redact.ts';
import { GRPC_TIMEOUT } from '../http/time-left.ts';
import type { ScopeSnapshot, Transition } from '../model/breaker.ts';
import type { Breakers } from '../model/client.ts';
import type { ClientOptions, Options } from '../model/options.ts';
import type { PolicyChange } from '../model/policy-change.ts';
import type { Runtime } from '../platform/runtime.ts';
import { splitOptions } from '../policy/client-options.ts';
import { defaults } from '../policy/defaults.ts';
import { type Accept, LivePolicies } from '../policy/live-policies.ts';
import type { Policies } from '../policy/policies.ts';
import { enlist } from './clients.ts';
import { Emitter } from './emitter.ts';
import { Instrumentations } from './instrumentations.ts';
import { observing } from './observing.ts';
import type { CallContext } from './plan.ts';
import { Traffic } from './traffic.ts';

/** The state that a client shares with the clients extended from it. */
export interface ClientState extends CallContext {
  readonly breakers: Breakers;
  readonly names: ScopeNames;
  /** What its scopes hold. */
  readonly describe: () => ScopeSnapshot[];
}

/**
 * Makes the rules and the shared state of a new client.
 * @param accept throws if the rules are wrong for this kind of client; called again for each update
 * @throws {PolicyError} An option is wrong.
 */
export function prepare(
  options: ClientOptions,
  runtime: Runtime,
  accept: Accept,
): { rules: LivePolicies; shared: ClientState } {
  const { own, rules } = splitOptions(options);
  const live = new LivePolicies(rules, accept);
  const names = new ScopeNames();
  learn(names, live.current);
  const emitter = new Emitter();
  const instrumentations = new Instrumentations();
  const onChange = (scope: string, transition: Transition) => {
    if (emitter.has('breaker')) emitter.emit('breaker', { scope, ...transition });
  };
  const onForget = ({ name, breaker }: Scope) => {
    if (emitter.has('forgotten')) emitter.emit('forgotten', { scope: name, breaker: breaker?.state });
  };
  const scopes = new Scopes(runtime, onChange, own.breakers, onForget);
  const ruleOf = (scope: string) =>
    names.policyOf(scope)?.breaker || live.current.base.breaker || defaults.breaker;
  const breakers = breakersOf(scopes, ruleOf, names);
  const traffic = new Traffic();
  const describe = () => describeScopes(scopes, runtime);
  enlist(describe);
  return {
    rules: live,
    shared: {
      scopes,
      emitter,
      instrumentations,
      breakers,
      names,
      describe,
      runtime,
      traffic,
      layers: own.layers ?? false,
      deadlineHeader: own.deadline === true ? GRPC_TIMEOUT : own.deadline || undefined,
      redact: own.redact ? observing(own.redact) : (own.redact ?? redacted),
    },
  };
}

/** Makes the rules of an extended client. @throws {PolicyError} An option is wrong. */
export function extend(rules: LivePolicies, options: Options, { names }: ClientState): LivePolicies {
  const extension = rules.extend(options);
  names.assertShared(extension.current.rules);
  learn(names, extension.current);
  return extension;
}

/** Replaces the rules of a client that is in use. @throws {PolicyError} An option is wrong. Nothing has changed then. */
export function update(
  rules: LivePolicies,
  options: Options,
  { names, scopes, emitter, runtime }: ClientState,
): readonly PolicyChange[] {
  const { changes, policies } = rules.update(options);
  for (const updated of policies) learn(names, updated);
  scopes.adoptRules();
  if (changes.length > 0 && emitter.has('update')) emitter.emit('update', { at: runtime.epoch(), changes });
  return changes;
}

function learn(names: ScopeNames, { base, rules }: Policies): void {
  names.learn([base, ...rules]);
}
