import { breakersOf } from '../guard/breakers.ts';
import type { Scope } from '../guard/scope.ts';
import { ScopeNames } from '../guard/scope-names.ts';
import { Scopes } from '../guard/scopes.ts';
import { redacted } from '../http/redact.ts';
import type { Transition } from '../model/breaker.ts';
import type { Breakers } from '../model/client.ts';
import type { ClientOptions, Options } from '../model/options.ts';
import type { Runtime } from '../platform/runtime.ts';
import { splitOptions } from '../policy/client-options.ts';
import { defaults } from '../policy/defaults.ts';
import { buildPolicies, type Policies } from '../policy/policies.ts';
import { Answers } from './answers.ts';
import { Emitter } from './emitter.ts';
import { Instrumentations } from './instrumentations.ts';
import type { CallContext } from './plan.ts';

/** What a client and those extended from it share. */
export interface ClientState extends CallContext {
  readonly breakers: Breakers;
  readonly names: ScopeNames;
}

/**
 * What every kind of client is made of: its rules, and what its calls share.
 * @throws {PolicyError} An option is wrong.
 */
export function prepare(
  options: ClientOptions,
  runtime: Runtime,
): { policies: Policies; shared: ClientState } {
  const { own, rules } = splitOptions(options);
  const policies = buildPolicies(rules);
  const names = new ScopeNames();
  names.learn([policies.base, ...policies.rules]);
  const emitter = new Emitter();
  const instrumentations = new Instrumentations();
  const onChange = (scope: string, transition: Transition) => {
    if (emitter.has('breaker')) emitter.emit('breaker', { scope, ...transition });
  };
  const onForget = ({ name, breaker }: Scope) => {
    if (emitter.has('forgotten')) emitter.emit('forgotten', { scope: name, breaker: breaker?.state });
  };
  const scopes = new Scopes(runtime, onChange, own.breakers, onForget);
  const breakers = breakersOf(scopes, policies.base.breaker || defaults.breaker, names);
  const answers = new Answers();
  return {
    policies,
    shared: {
      scopes,
      emitter,
      instrumentations,
      breakers,
      names,
      runtime,
      answers,
      layers: own.layers ?? false,
      redact: own.redact ?? redacted,
    },
  };
}

/** The rules of a client that is made from another one. @throws {PolicyError} An option is wrong. */
export function extend(policies: Policies, options: Options, { names }: ClientState): Policies {
  const extended = policies.extend(options);
  names.learn([extended.base, ...extended.rules]);
  return extended;
}
