import { requestBody } from '../body/request-body.ts';
import { makeCall } from '../call/call.ts';
import { CallerSignal } from '../call/caller-signal.ts';
import { type ClientState, extend, prepare, update } from '../call/client-state.ts';
import { abortedBefore } from '../call/ending.ts';
import { explain } from '../call/explain.ts';
import { planCall } from '../call/plan.ts';
import type { SteadFetch } from '../model/client.ts';
import { INSTRUMENT } from '../model/instrumentation.ts';
import type { ClientOptions, FetchInput, Options, Policy, SteadInit } from '../model/options.ts';
import { type Runtime, systemRuntime } from '../platform/runtime.ts';
import type { LivePolicies } from '../policy/live-policies.ts';
import { brand } from '../transport/clients.ts';
import { runtimeFetch } from '../transport/default.ts';
import { isInner } from '../transport/inner-call.ts';
import { Sending } from '../transport/sending.ts';
import { nameCaller } from './name-caller.ts';
import { passThrough } from './pass-through.ts';
import { readRequest } from './request.ts';

/**
 * Makes a `fetch` that sends one idempotency key per call, with bounded and jittered retries, timeouts, a circuit breaker and a
 * retry budget, by your rules per endpoint.
 *
 * @param options all optional; see `ClientOptions` for units and defaults
 * @returns the client: call it like `fetch`
 * @throws {PolicyError} An option is wrong. The message names the option and says what is allowed.
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

/** `createFetch` with time and randomness from outside. */
export function createClient(options: ClientOptions, runtime: Runtime): SteadFetch {
  const { rules, shared } = prepare(options, runtime, () => {});
  return client(rules, shared);
}

/** A response of the caller's own needs no transport. */
const asItIs = (response: Response): Response => response;

function client(rules: LivePolicies, shared: ClientState): SteadFetch {
  const sending = new Sending(runtimeFetch());
  // `fetch` accepts null as its second argument, and its `length` is 1.
  const fetch = (input: FetchInput, init: SteadInit | null = null): Promise<Response> => {
    try {
      const policies = rules.current;
      const request = readRequest(input, init ?? {});
      const refused = () => passThrough(sending, sending.choose(policies.fetch), input, init);
      if (request === undefined) return refused();
      if (isInner(request)) return passThrough(sending, sending.within(policies.fetch), input, init);
      const { signal, stream } = request;
      const plan = planCall(request, init ?? {}, policies, shared, {
        transport: sending.transportFor(policies.fetch, init?.dispatcher ?? policies.dispatcher),
        fallback: asItIs,
        lifetime: signal ? () => new CallerSignal(signal) : undefined,
        failed: nameCaller,
      });
      if (signal?.aborted) return abortedBefore(plan, refused());
      return stream ? requestBody(stream).then((body) => makeCall({ ...plan, body })) : makeCall(plan);
    } catch (error) {
      return Promise.reject(error);
    }
  };
  brand(fetch, sending.behind);
  return Object.assign(fetch, {
    on: shared.emitter.on.bind(shared.emitter),
    breakers: shared.breakers,
    [INSTRUMENT]: shared.instrumentations.add,
    extend: (options: Options) => client(extend(rules, options, shared), shared),
    update: (options: Options) => update(rules, options, shared),
    scopes: shared.describe,
    reset: () => shared.scopes.reset(),
    explain: (method: string, url: string | URL, policy?: Policy) =>
      explain(rules.current, method, url, policy),
  });
}
