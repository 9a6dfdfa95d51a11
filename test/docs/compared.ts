import axios from 'axios';
import axiosRetry from 'axios-retry';
import { ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleAll, retry, wrap } from 'cockatiel';
import got from 'got';
import ky from 'ky';
import { Agent, RetryAgent, request } from 'undici';
import { createFetch } from '../../src/index.ts';

// The clients that the README compares.

/** Sends one request. */
type Send = (url: string, method: 'GET' | 'POST') => Promise<unknown>;

const ok = async (url: string, method: string) => {
  const response = await fetch(url, { method });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
};

/** By its defaults; with retries off; by its defaults with pauses so short that nobody waits for them. */
export const clients: Record<string, { usual: () => Send; once: () => Send; quick: () => Send }> = {
  fetch: { usual: () => ok, once: () => ok, quick: () => ok },
  ky: {
    usual: () => (url, method) => ky(url, { method }),
    once: () => (url, method) => ky(url, { method, retry: 0 }),
    quick: () => (url, method) => ky(url, { method, retry: { delay: () => 1 } }),
  },
  got: {
    usual: () => (url, method) => got(url, { method }),
    once: () => (url, method) => got(url, { method, retry: { limit: 0 } }),
    quick: () => (url, method) =>
      got(url, { method, retry: { calculateDelay: ({ computedValue }) => Math.min(computedValue, 1) } }),
  },
  'axios-retry': {
    usual: () => axiosWith(3),
    once: () => axiosWith(0),
    quick: () => axiosWith(3), // has no pause by default
  },
  cockatiel: {
    usual: () => cockatielWith(3),
    once: () => cockatielWith(0),
    quick: () => cockatielWith(3, { initialDelay: 1, maxDelay: 1 }),
  },
  RetryAgent: {
    usual: () => agentWith(5),
    once: () => agentWith(0),
    quick: () => agentWith(5, { minTimeout: 1, timeoutFactor: 1 }),
  },
  steadfetch: {
    usual: () => {
      const api = createFetch();
      return (url, method) => api(url, { method });
    },
    once: () => {
      const api = createFetch({ retry: false, patience: 0 });
      return (url, method) => api(url, { method });
    },
    quick: () => {
      const api = createFetch({ retry: { base: 1 }, patience: 0 });
      return (url, method) => api(url, { method });
    },
  },
};

function axiosWith(retries: number): Send {
  const client = axios.create();
  axiosRetry(client, { retries });
  return (url, method) => client.request({ url, method });
}

function cockatielWith(maxAttempts: number, pauses = {}): Send {
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
  const policy = wrap(retry(handleAll, { maxAttempts, backoff: new ExponentialBackoff(pauses) }), breaker);
  return (url, method) => policy.execute(() => ok(url, method));
}

function agentWith(maxRetries: number, pauses = {}): Send {
  const dispatcher = new RetryAgent(new Agent(), { maxRetries, ...pauses });
  return async (url, method) => (await request(url, { method, dispatcher })).body.dump();
}
