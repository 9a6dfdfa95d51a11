import { once } from './handwritten.ts';
import { type Environment, type Strategy, urlOf } from './strategy.ts';

/** The timeout of one attempt, in milliseconds. The designs leave this to their users. */
const TIMEOUT = 3_000;

/** The rule of a published retry budget. Each client has its own. */
interface Rule {
  readonly attempts: number;
  /** Milliseconds before the n-th retry. */
  backoff(retry: number): number;
  /** A call begins. */
  begin?(): void;
  /** An attempt ended, with `retries` retries before it. */
  ended?(good: boolean, retries: number): void;
  /** Pays for a retry. Returns false if there is not enough. */
  pay(inFlight: number, retrying: number): boolean;
}

function ruled(name: string, rule: (environment: Environment) => Rule): Strategy {
  return {
    name,
    client(environment) {
      const own = rule(environment);
      let inFlight = 0;
      let retrying = 0;
      return async (path) => {
        inFlight++;
        own.begin?.();
        try {
          for (let retries = 0; ; retries++) {
            const result = await once(environment.fetch, urlOf(path), TIMEOUT);
            if (retries > 0) retrying--;
            own.ended?.(result !== 'failed', retries);
            if (result !== 'failed') return result === 'good';
            if (retries === own.attempts - 1 || !own.pay(inFlight, retrying)) return false;
            retrying++;
            const wait = Math.random() * own.backoff(retries + 1);
            await new Promise((resolve) => setTimeout(resolve, wait));
          }
        } finally {
          inFlight--;
        }
      };
    },
  };
}

/**
 * The standard mode of the AWS SDKs since 2026: 500 tokens. A retry costs 14, which come back if it is answered. An answered
 * first attempt brings one token.
 */
const aws = ruled('AWS SDK', () => {
  let tokens = 500;
  return {
    attempts: 3,
    backoff: (retry) => Math.min(20_000, 50 * 2 ** (retry - 1)),
    ended(good, retries) {
      if (good) tokens = Math.min(500, tokens + (retries > 0 ? 14 : 1));
    },
    pay() {
      if (tokens < 14) return false;
      tokens -= 14;
      return true;
    },
  };
});

/** gRPC's retry throttling (proposal A6), with the numbers of its example: maxTokens 10, tokenRatio 0.1. */
const grpc = ruled('gRPC', () => {
  let tokens = 10;
  return {
    attempts: 4,
    backoff: (retry) => Math.min(1_000, 100 * 2 ** (retry - 1)),
    ended(good) {
      tokens = good ? Math.min(10, tokens + 0.1) : Math.max(0, tokens - 1);
    },
    pay: () => tokens > 5,
  };
});

/** Envoy's retry budget: at most 20 % of the requests under way are retries, or three. */
const envoy = ruled('Envoy', () => ({
  attempts: 3,
  backoff: (retry) => Math.min(250, 25 * (2 ** retry - 1)),
  pay: (inFlight, retrying) => retrying < Math.max(3, 0.2 * inFlight),
}));

/** Finagle's RetryBudget: 20 % of the calls of ten seconds, and ten retries per second for free. */
const finagle = ruled('Finagle', ({ world }) => {
  const WINDOW = 10_000;
  let deposits: { at: number; amount: number }[] = [];
  const balance = () => {
    deposits = deposits.filter(({ at }) => at > world.now - WINDOW);
    return deposits.reduce((total, { amount }) => total + amount, 0) + 100;
  };
  return {
    attempts: 3,
    backoff: () => 0,
    begin: () => deposits.push({ at: world.now, amount: 0.2 }),
    pay() {
      if (balance() < 1) return false;
      deposits.push({ at: world.now, amount: -1 });
      return true;
    },
  };
});

/** The retry budgets of other libraries, by their documentation. */
export const budgets: readonly Strategy[] = [aws, grpc, envoy, finagle];
