import { ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleAll, retry, wrap } from 'cockatiel';
import ky from 'ky';
import Opossum from 'opossum';
import pRetry from 'p-retry';
import { type Environment, type Strategy, urlOf } from './strategy.ts';

/** Clients that also run in a browser: the real packages, with the settings of their own READMEs and defaults. */
export const portablePeers: readonly Strategy[] = [
  {
    name: 'p-retry + opossum',
    client(environment) {
      const breaker = new Opossum(attempt(environment), {
        ...(environment.timeout !== undefined && { timeout: environment.timeout }),
        errorThresholdPercentage: 50,
        resetTimeout: 30_000,
      });
      breaker.on('open', () => environment.breakerMoved(1));
      breaker.on('close', () => environment.breakerMoved(-1));
      return (path) => settles(pRetry(() => breaker.fire(path), { retries: 5 }));
    },
  },
  {
    name: 'cockatiel',
    client(environment) {
      const breaker = circuitBreaker(handleAll, {
        halfOpenAfter: 10_000,
        breaker: new ConsecutiveBreaker(5),
      });
      breaker.onBreak(() => environment.breakerMoved(1));
      breaker.onReset(() => environment.breakerMoved(-1));
      const policy = wrap(retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }), breaker);
      const send = attempt(environment);
      return (path) => settles(policy.execute(() => send(path)));
    },
  },
  {
    name: 'ky',
    client(environment) {
      const api = ky.create({ fetch: timed(environment) });
      return (path) => settles(api(urlOf(path)));
    },
  },
];

/** Resolves to whether the promise fulfils. */
export async function settles(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch {
    return false;
  }
}

/** One attempt, with a 5xx as an error, because these libraries count promises that reject. */
function attempt(environment: Environment): (path?: string) => Promise<Response> {
  const fetch = timed(environment);
  return async (path) => {
    const response = await fetch(urlOf(path));
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response;
  };
}

/** A `fetch` with a timeout, for clients that have none of their own. */
function timed({ fetch, timeout }: Environment): Environment['fetch'] {
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
