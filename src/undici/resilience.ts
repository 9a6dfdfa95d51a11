import type { Dispatcher } from 'undici';
import { type ClientState, extend, prepare, update } from '../call/client-state.ts';
import { explain } from '../call/explain.ts';
import type { Breakers, SteadFetch } from '../model/client.ts';
import { PolicyError } from '../model/errors.ts';
import { INSTRUMENT } from '../model/instrumentation.ts';
import type { ClientOptions, Options, Policy } from '../model/options.ts';
import { join } from '../options/checks.ts';
import { type Runtime, systemRuntime } from '../platform/runtime.ts';
import type { LivePolicies } from '../policy/live-policies.ts';
import { rulePath } from '../policy/pattern.ts';
import type { Policies } from '../policy/policies.ts';
import type { AnyHandler } from '../transport/undici/handlers.ts';
import { DispatchCall } from './dispatch-call.ts';
import { ownOptions } from './own-options.ts';
import { splitReplay } from './replay.ts';
import { readDispatch } from './request.ts';

/** The options of `resilience`: the same as of `createFetch`, except `fetch` and `dispatcher`. */
export interface ResilienceOptions extends Omit<ClientOptions, 'fetch' | 'dispatcher'> {
  /**
   * A request body that comes as a stream is read first, and can then be sent again, if its `content-length` is known
   * and no more than this many bytes. `fetch` hands every body to its dispatcher as a stream. `false`: none is.
   * @default 65536
   */
  readonly replay?: number | false;
}

/** An undici interceptor; and, as with a client, its events and its breakers. */
export interface Resilience extends Dispatcher.DispatcherComposeInterceptor {
  /** As a client's: calls a listener on each event of a name, and returns the function that takes it off again. */
  readonly on: SteadFetch['on'];
  /** As a client's: what is known of each dependency. */
  readonly breakers: Breakers;
  /** As a client's: puts other rules in the place of these. */
  readonly update: SteadFetch['update'];
  /** As a client's: every scope in use, as it stands. */
  readonly scopes: SteadFetch['scopes'];
  /** As a client's: forgets what breakers and budgets have learnt. */
  readonly reset: SteadFetch['reset'];
  /** As a client's: what the rules come to for a method and a URL. */
  readonly explain: SteadFetch['explain'];
  /** For tracers: see `Instrumentation`. */
  readonly [INSTRUMENT]: SteadFetch[typeof INSTRUMENT];
  /** An interceptor with other rules, merged over these, that shares the same breakers, budgets and listeners. */
  extend(options: Omit<Options, 'fetch' | 'dispatcher'>): Resilience;
}

/**
 * The same client as an undici interceptor: keys, retries, timeouts, breakers and budgets for `undici.request`, `stream`,
 * `pipeline`, `fetch`, and with `setGlobalDispatcher` for a whole process.
 *
 * Key and policy of one call go with its other options: see `callOptions`. Its report can be had from the error, or from
 * the `context` that undici gives with a response.
 *
 * @throws {PolicyError} An option is wrong; the message names it and says what is allowed.
 * @example
 * const guard = resilience({ endpoints: { 'POST https://api.pay.example/*': { idempotency: 'stripe' } } });
 * guard.on('breaker', ({ scope, to }) => metrics.gauge('breaker', to, { scope }));
 * setGlobalDispatcher(new Agent().compose(guard));
 */
export function resilience(options: ResilienceOptions = {}): Resilience {
  return createInterceptor(options, systemRuntime);
}

/** `resilience` with time and chance from outside. */
export function createInterceptor(options: ResilienceOptions, runtime: Runtime): Resilience {
  const [replay, others] = splitReplay<ClientOptions>(options);
  const { rules, shared } = prepare(others, runtime, refuseTransport);
  return interceptor(rules, shared, replay);
}

/** @throws {PolicyError} The options name something else to send with. */
function refuseTransport(policies: Policies): void {
  const stray = (['fetch', 'dispatcher'] as const).find((name) => policies[name] !== undefined);
  if (stray !== undefined) {
    throw new PolicyError(
      stray,
      'has no place here: it sends through the dispatcher that it is composed with',
    );
  }
  const { base, rules } = policies;
  const answering = [base, ...rules].find(({ fallback }) => fallback !== undefined);
  if (answering === undefined) return;
  throw new PolicyError(
    answering === base ? 'fallback' : join(rulePath(answering.endpoint ?? ''), 'fallback'),
    'has no place here: undici takes no Response for an answer; use it in createFetch',
  );
}

function interceptor(rules: LivePolicies, shared: ClientState, replay: number): Resilience {
  const intercept: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (given, handler) => {
    const options = ownOptions(given);
    const request = readDispatch(options, replay);
    if (request === undefined) return dispatch(given, handler);
    const call = new DispatchCall(dispatch, options, handler as unknown as AnyHandler);
    return call.run(request, options, rules.current, shared);
  };
  return Object.assign(intercept, {
    on: shared.emitter.on.bind(shared.emitter),
    breakers: shared.breakers,
    [INSTRUMENT]: shared.instrumentations.add,
    extend: (options: Options) => interceptor(extend(rules, options, shared), shared, replay),
    update: (options: Options) => update(rules, options, shared),
    scopes: shared.describe,
    reset: () => shared.scopes.reset(),
    explain: (method: string, url: string | URL, policy?: Policy) =>
      explain(rules.current, method, url, policy),
  });
}
