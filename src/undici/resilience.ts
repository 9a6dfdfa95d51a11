import type { Dispatcher } from 'undici';
import { type ClientState, extend, prepare } from '../call/client-state.ts';
import type { Breakers, SteadFetch } from '../model/client.ts';
import { PolicyError } from '../model/errors.ts';
import { INSTRUMENT } from '../model/instrumentation.ts';
import type { ClientOptions, Options } from '../model/options.ts';
import { type Runtime, systemRuntime } from '../platform/runtime.ts';
import type { Policies } from '../policy/policies.ts';
import type { AnyHandler } from '../transport/undici/handlers.ts';
import { DispatchCall } from './dispatch-call.ts';
import { ownOptions } from './own-options.ts';
import { readDispatch } from './request.ts';

/** What `resilience` takes: what `createFetch` does, but for what it sends with. */
export type ResilienceOptions = Omit<ClientOptions, 'fetch' | 'dispatcher'>;

/** An undici interceptor; and, as with a client, its events and its breakers. */
export interface Resilience extends Dispatcher.DispatcherComposeInterceptor {
  readonly on: SteadFetch['on'];
  readonly breakers: Breakers;
  readonly [INSTRUMENT]: SteadFetch[typeof INSTRUMENT];
  /** An interceptor with other rules, laid over these, that shares the same breakers, budgets and listeners. */
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
  const { policies, shared } = prepare(options, runtime);
  return interceptor(policies, shared);
}

/** @throws {PolicyError} The options name something else to send with. */
function interceptor(policies: Policies, shared: ClientState): Resilience {
  const stray = (['fetch', 'dispatcher'] as const).find((name) => policies[name] !== undefined);
  if (stray !== undefined) {
    throw new PolicyError(
      stray,
      'has no place here: it sends through the dispatcher that it is composed with',
    );
  }
  const intercept: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (given, handler) => {
    const options = ownOptions(given);
    const request = readDispatch(options);
    if (request === undefined) return dispatch(given, handler);
    const call = new DispatchCall(dispatch, options, handler as AnyHandler);
    call.run(request, options, policies, shared);
    return true;
  };
  return Object.assign(intercept, {
    on: shared.emitter.on.bind(shared.emitter),
    breakers: shared.breakers,
    [INSTRUMENT]: shared.instrumentations.add,
    extend: (options: Options) => interceptor(extend(policies, options, shared), shared),
  });
}
