import { makeCall } from './call/call.ts';
import { type CallContext, planCall } from './call/plan.ts';
import type { Breakers, SteadFetch } from './client.ts';
import { Emitter } from './emitter.ts';
import type { Transition } from './guard/breaker.ts';
import { breakersOf } from './guard/breakers.ts';
import { Scopes } from './guard/scopes.ts';
import { type ClientOptions, splitOptions } from './policy/client-options.ts';
import { defaults } from './policy/defaults.ts';
import type { FetchInput, Options, SteadInit } from './policy/options.ts';
import { compilePolicies, type Policies } from './policy/policies.ts';
import { readRequest } from './request/request.ts';
import { type Runtime, systemRuntime } from './runtime.ts';
import { chooseFetch } from './transport/transport.ts';
import { fetchUnaided } from './transport/unaided.ts';

/** What a client and those extended from it share. */
interface Shared extends CallContext {
  readonly breakers: Breakers;
}

/**
 * Makes a `fetch` that survives: one idempotency key per call, bounded and jittered retries, three clocks, a circuit
 * breaker and a retry budget, by your rules per endpoint.
 *
 * @throws {PolicyError} An option is wrong; the message names it and says what is allowed.
 * @example
 * const api = createFetch({
 *   timeout: { attempt: 2_000, total: 30_000 },
 *   endpoints: { 'POST https://api.pay.example/v1/charges': { idempotency: 'stripe' } },
 * });
 * const response = await api('https://api.pay.example/v1/charges', {
 *   method: 'POST',
 *   body: JSON.stringify(charge),
 *   idempotencyKey: charge.id,
 * });
 */
export function createFetch(options: ClientOptions = {}): SteadFetch {
  return createClient(options, systemRuntime);
}

/** `createFetch` with time and chance from outside. */
export function createClient(options: ClientOptions, runtime: Runtime): SteadFetch {
  const { own, rules } = splitOptions(options);
  const policies = compilePolicies(rules);
  const emitter = new Emitter();
  const onChange = (scope: string, transition: Transition) => {
    if (emitter.has('breaker')) emitter.emit('breaker', { scope, ...transition });
  };
  const scopes = new Scopes(runtime, onChange, own.breakers);
  return client(policies, {
    scopes,
    emitter,
    breakers: breakersOf(scopes, policies.base.breaker || defaults.breaker),
    runtime,
    layers: own.layers ?? false,
  });
}

function client(policies: Policies, shared: Shared): SteadFetch {
  // `fetch` takes null for nothing, and has one argument that it can't do without.
  const fetch = async (input: FetchInput, init: SteadInit | null = null): Promise<Response> => {
    const request = readRequest(input, init ?? {});
    if (request === undefined || request.signal?.aborted) {
      return fetchUnaided(chooseFetch(policies.fetch), input, init);
    }
    return makeCall(await planCall(request, init ?? {}, policies, shared));
  };
  return Object.assign(fetch, {
    on: shared.emitter.on.bind(shared.emitter),
    breakers: shared.breakers,
    extend: (options: Options) => client(policies.extend(options), shared),
  });
}
