import { type Translation, translated } from '../options/translation.ts';

const FIRST_COUNTS = 'which counts the first attempt too: 2 retries are 3 attempts';

/**
 * The names that users bring from other libraries. A name that is also an option here, in any place, is not in this table. The
 * page about moving from other libraries is made from this table.
 */
export const translations: readonly Translation[] = [
  {
    names: ['retries', 'limit', 'maxRetries', 'maxRetryAttempts', 'retryCount', 'numOfAttempts'],
    from: 'got, ky, axios-retry, undici, p-retry, OpenAI, Polly',
    write: 'retry.attempts',
    note: FIRST_COUNTS,
  },
  {
    names: ['maxAttempts', 'attempt_limit', 'tries'],
    from: 'cockatiel, AWS SDK',
    write: 'retry.attempts',
    note: 'which counts the first attempt too; cockatiel counts retries, the AWS SDK as here',
  },
  {
    names: ['retryDelay', 'delay', 'minTimeout', 'initialDelay', 'minDelay', 'retryDelayOptions'],
    from: 'axios-retry, ofetch, undici, p-retry, cockatiel',
    write: 'retry.base',
    note: 'in milliseconds; the pause is drawn by chance below it, and grows',
  },
  {
    names: ['backoffLimit', 'maxTimeout', 'maxDelay', 'maxRetryDelay'],
    from: 'ky, got, undici, p-retry, cockatiel',
    write: 'retry.cap',
  },
  {
    names: ['maxRetryAfter'],
    from: 'ky, got',
    write: 'retry.retryAfter',
    note: 'beyond which the answer in hand is given back, and never an earlier retry',
  },
  {
    names: ['statusCodes', 'retryStatusCodes', 'retryableStatuses', 'afterStatusCodes', 'retryOn'],
    from: 'ky, got, ofetch, undici, fetch-retry',
    write: 'retry.statuses',
  },
  {
    names: ['retryCondition', 'shouldRetry', 'calculateDelay', 'shouldHandle'],
    from: 'axios-retry, ky, p-retry, got, Polly',
    write: 'retry.when',
    note: 'a function of the failure that returns true, false or undefined',
  },
  {
    names: ['jitter', 'randomize', 'backoff', 'exponential'],
    from: 'ky, p-retry, cockatiel',
    note: 'the backoff is always exponential with full jitter (retry.base, retry.cap)',
  },
  {
    names: ['errorCodes'],
    from: 'got, undici',
    note: 'every network error that can heal is retried; retry.when has the last word',
  },
  {
    names: ['methods', 'allowedMethods', 'retryMethods'],
    from: 'ky, got, undici',
    write: 'idempotency',
    note: 'because every method is retried: one that is not idempotent has a key, and `idempotency: false` says that the server ignores keys',
  },
  {
    names: ['request', 'deadline', 'totalTimeout'],
    from: 'got',
    write: 'timeout.total',
  },
  {
    names: [
      'response',
      'headersTimeout',
      'perAttempt',
      'attemptTimeout',
      'timeoutMs',
      'perRetry',
      'perTryTimeout',
    ],
    from: 'got, undici, Envoy',
    write: 'timeout.attempt',
  },
  { names: ['socket', 'read', 'bodyTimeout', 'idleTimeout'], from: 'got, undici', write: 'timeout.idle' },
  {
    names: ['shouldResetTimeout'],
    from: 'axios-retry',
    write: 'timeout.attempt',
    note: 'which is for each attempt anyway; timeout.total is for all of them',
  },
  {
    names: ['connect', 'connectTimeout', 'lookup', 'secureConnect', 'send'],
    from: 'got, undici',
    write: 'dispatcher',
    note: 'as in new Agent({ connect: { timeout } }): timeout.attempt covers it all',
  },
  { names: ['circuitBreaker', 'circuit'], from: 'opossum, cockatiel, resilience4j', write: 'breaker' },
  {
    names: ['errorThresholdPercentage', 'failureRateThreshold'],
    from: 'opossum, resilience4j',
    write: 'breaker.threshold',
    note: 'a share from 0 to 1: 50 percent is 0.5',
  },
  { names: ['failureRatio'], from: 'Polly', write: 'breaker.threshold' },
  {
    names: ['volumeThreshold', 'minimumThroughput', 'minimumNumberOfCalls', 'minimumRps'],
    from: 'opossum, Polly, resilience4j, cockatiel',
    write: 'breaker.minimum',
  },
  {
    names: ['resetTimeout', 'halfOpenAfter', 'breakDuration', 'waitDurationInOpenState'],
    from: 'opossum, cockatiel, Polly, resilience4j',
    write: 'breaker.cooldown',
  },
  {
    names: ['rollingCountTimeout', 'samplingDuration', 'duration', 'slidingWindowSize'],
    from: 'opossum, Polly, cockatiel, resilience4j',
    write: 'breaker.window',
    note: 'in milliseconds',
  },
  {
    names: ['rollingCountBuckets', 'errorFilter', 'capacity', 'allowWarmUp', 'consecutiveFailures'],
    from: 'opossum, cockatiel',
    note: 'the breaker counts 5xx, timeouts and network errors in breaker.window, and nothing else',
  },
  {
    names: ['bulkhead', 'maxConcurrent', 'maxConcurrency', 'maxConcurrentCalls', 'permitLimit'],
    from: 'cockatiel, resilience4j, Polly, bottleneck',
    write: 'limit.concurrency',
    note: 'attempts under way at once, in each scope',
  },
  {
    names: ['queueLimit', 'maxQueue', 'queueSize'],
    from: 'Polly, cockatiel',
    write: 'limit.queue',
  },
  {
    names: ['keyHeader', 'headerName', 'idempotencyHeader'],
    from: 'code of your own',
    write: 'idempotency.header',
  },
  {
    names: ['headers', 'defaultHeaders'],
    from: 'ky, got, axios',
    note: 'a policy adds no headers: give them with each call, or wrap the client in a function that does',
  },
  {
    names: ['baseUrl', 'baseURL', 'prefixUrl', 'prefix'],
    from: 'axios, ofetch, ky, got',
    note: 'URLs are given whole: put the base in front of the path, in a function around the client',
  },
  {
    names: ['throwHttpErrors', 'validateStatus', 'throwOnError'],
    from: 'ky, got, axios, undici',
    note: 'a status is never made an error: look at response.ok',
  },
  {
    names: ['hooks', 'onRetry', 'beforeRetry', 'onFailedAttempt', 'onRequest', 'onResponse', 'interceptors'],
    from: 'ky, got, axios-retry, p-retry, ofetch',
    note: "listen instead: api.on('retry', …)",
  },
  {
    names: ['agent', 'httpAgent', 'httpsAgent', 'proxy', 'connections'],
    from: 'got, axios, node-fetch',
    write: 'dispatcher',
    note: 'an undici dispatcher, such as new ProxyAgent(url)',
  },
];

/** The help for a name that is an option of another library; undefined: there is none. */
export function translate(name: string, place: string): string | undefined {
  // Not if the user already writes this option.
  return translated(translations, name, (write) => write !== place);
}
