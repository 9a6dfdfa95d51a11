import { type Call, initOf, RETRIES, type Row, TIMEOUT } from './row.ts';

/** Others, each with all that it has of timeout, retries and breaker. */
export const peers: readonly Row[] = [
  { name: 'p-retry + opossum + uuid + undici.fetch', make: async () => handWired({}) },
  { name: 'cockatiel + undici.fetch', make: async () => cockatiel({}) },
  {
    name: 'ky',
    async make() {
      const { default: ky } = await import('ky');
      const api = ky.create({ timeout: TIMEOUT, retry: { limit: RETRIES, methods: ['get', 'post'] } });
      return (call) => api(call.url, initOf(call)).json();
    },
  },
  {
    name: 'ofetch',
    async make() {
      const { ofetch } = await import('ofetch');
      const api = ofetch.create({ timeout: TIMEOUT, retry: RETRIES });
      return (call) => api(call.url, initOf(call));
    },
  },
  {
    name: 'got',
    async make() {
      const { default: got } = await import('got');
      const api = got.extend({
        timeout: { response: TIMEOUT },
        retry: { limit: RETRIES, methods: ['GET', 'POST'] },
      });
      return (call) => api(call.url, initOf(call)).json();
    },
  },
  {
    name: 'axios + axios-retry',
    async make() {
      const { default: axios } = await import('axios');
      const { default: axiosRetry } = await import('axios-retry');
      const api = axios.create({ timeout: TIMEOUT });
      axiosRetry(api, { retries: RETRIES, retryCondition: () => true });
      return async (call) => {
        const { body, ...init } = initOf(call);
        return (await api.request({ url: call.url, ...init, ...(body && { data: body }) })).data;
      };
    },
  },
  {
    name: '@fetchkit/ffetch',
    async make() {
      const { createClient } = await import('@fetchkit/ffetch');
      const api = createClient({
        timeout: TIMEOUT,
        retries: RETRIES,
        circuit: { threshold: 5, reset: 5_000 },
      });
      return async (call) => (await api(call.url, initOf(call))).json();
    },
  },
];

interface Wiring {
  /** Longest pause before a retry, in milliseconds. */
  readonly pause?: number;
  readonly isOpen?: boolean;
  /** Calls that the breaker's window must hold before it may open. */
  readonly minimum?: number;
}

/** What a careful team writes itself. A key for each POST, the same on every attempt. */
export async function handWired({ pause = 100, isOpen = false, minimum = 5 }: Wiring) {
  const { default: pRetry } = await import('p-retry');
  const { default: CircuitBreaker } = await import('opossum');
  const { v4 } = await import('uuid');
  const { fetch } = await import('undici');
  const send = async (call: Call, key: string | undefined) => {
    const init = initOf(call);
    init.signal = AbortSignal.timeout(TIMEOUT);
    if (key !== undefined) init.headers = { ...init.headers, 'Idempotency-Key': key };
    const response = await fetch(call.url, init);
    if (response.status >= 500) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    return response;
  };
  const breaker = new CircuitBreaker(send, {
    timeout: false,
    errorThresholdPercentage: 50,
    volumeThreshold: minimum,
    rollingPercentilesEnabled: false,
  });
  if (isOpen) breaker.open();
  return async (call: Call) => {
    const key = call.method === 'POST' ? v4() : undefined;
    const response = await pRetry(() => breaker.fire(call, key), {
      retries: RETRIES,
      minTimeout: pause,
      shouldRetry: () => !breaker.opened,
    });
    return response.json();
  };
}

export async function cockatiel({ pause = 100, isOpen = false, minimum = 5 }: Wiring) {
  const lib = await import('cockatiel');
  const { fetch } = await import('undici');
  const breaker = lib.circuitBreaker(lib.handleAll, {
    halfOpenAfter: 5_000,
    breaker: new lib.SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: minimum }),
  });
  if (isOpen) breaker.isolate();
  const policy = lib.wrap(
    lib.retry(
      lib.handleWhen((error) => !lib.isBrokenCircuitError(error)),
      {
        maxAttempts: RETRIES,
        backoff: new lib.ExponentialBackoff({ initialDelay: pause, maxDelay: Math.max(pause, 1) }),
      },
    ),
    breaker,
    lib.timeout(TIMEOUT, lib.TimeoutStrategy.Cooperative),
  );
  return (call: Call) =>
    // The body is read inside: afterwards cockatiel aborts the signal.
    policy.execute(async ({ signal }) => {
      const init = initOf(call);
      init.signal = signal;
      const response = await fetch(call.url, init);
      if (response.status >= 500) {
        await response.body?.cancel();
        throw new Error(`status ${response.status}`);
      }
      return response.json();
    });
}
