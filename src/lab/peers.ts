import { ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleAll, retry, wrap } from 'cockatiel';
import ky from 'ky';
import Opossum from 'opossum';
import pRetry from 'p-retry';
import { RetryAgent, request } from 'undici';
import { ServiceDispatcher } from './service-dispatcher.ts';
import { SERVICE_URL, type Strategy, type Surroundings } from './strategy.ts';

/** Other clients, the real packages, as their own READMEs and defaults have them. */
export const peers: readonly Strategy[] = [
  {
    name: 'p-retry + opossum',
    client(surroundings) {
      const breaker = new Opossum(attempt(surroundings), {
        ...(surroundings.timeout !== undefined && { timeout: surroundings.timeout }),
        errorThresholdPercentage: 50,
        resetTimeout: 30_000,
      });
      breaker.on('open', () => surroundings.breakerMoved(1));
      breaker.on('close', () => surroundings.breakerMoved(-1));
      return () => settles(pRetry(() => breaker.fire(), { retries: 5 }));
    },
  },
  {
    name: 'cockatiel',
    client(surroundings) {
      const breaker = circuitBreaker(handleAll, {
        halfOpenAfter: 10_000,
        breaker: new ConsecutiveBreaker(5),
      });
      breaker.onBreak(() => surroundings.breakerMoved(1));
      breaker.onReset(() => surroundings.breakerMoved(-1));
      const policy = wrap(retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }), breaker);
      return () => settles(policy.execute(attempt(surroundings)));
    },
  },
  {
    name: 'undici RetryAgent',
    client({ fetch, world, timeout }) {
      const dispatcher = new RetryAgent(new ServiceDispatcher(fetch, world));
      return () =>
        settles(
          request(SERVICE_URL, { dispatcher, headersTimeout: timeout ?? null }).then(({ body }) =>
            body.dump(),
          ),
        );
    },
  },
  {
    name: 'ky',
    client(surroundings) {
      const api = ky.create({ fetch: timed(surroundings) });
      return () => settles(api(SERVICE_URL));
    },
  },
];

async function settles(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch {
    return false;
  }
}

/** One attempt, with a 5xx as an error: what these libraries count is a promise that rejects. */
function attempt(surroundings: Surroundings): () => Promise<Response> {
  const fetch = timed(surroundings);
  return async () => {
    const response = await fetch(SERVICE_URL);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response;
  };
}

/** A `fetch` that gives up: clients without an attempt timeout of their own would wait for ever. */
function timed({ fetch, timeout }: Surroundings): Surroundings['fetch'] {
  return async (input, init) => {
    const controller = new AbortController();
    const timer = timeout && setTimeout(() => controller.abort(new Error('timeout')), timeout);
    try {
      return await fetch(input, { ...init, signal: controller.signal });
    } finally {
      if (timer) clearTimeout(timer);
    }
  };
}
