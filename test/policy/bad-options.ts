// What the validator refuses, and what it says. The JSON Schema has to refuse the same.

type Case = readonly [options: object, message: string];

const whole = 'must be a whole number';
const ms = 'must be a number of milliseconds';

export const misspelt: readonly Case[] = [
  [{ timeout: { atempt: 1 } }, 'timeout.atempt is not an option; did you mean timeout.attempt?'],
  [{ retry: { statusse: [] } }, 'retry.statusse is not an option; did you mean retry.statuses?'],
  [{ retry: { cpa: 1 } }, 'retry.cpa is not an option; did you mean retry.cap?'],
  [{ retry: { RetryAfter: 1 } }, 'retry.RetryAfter is not an option; did you mean retry.retryAfter?'],
  [{ timeouts: {} }, 'timeouts is not an option; did you mean timeout?'],
  [{ endpoint: {} }, 'endpoint is not an option; did you mean endpoints?'],
  [
    { endpoints: { 'https://x.example/*': { breaker: { treshold: 1 } } } },
    'endpoints["https://x.example/*"].breaker.treshold is not an option; did you mean breaker.threshold?',
  ],
];

export const misplaced: readonly Case[] = [
  [{ attempts: 3 }, 'attempts is not an option; did you mean retry.attempts?'],
  [{ retry: { total: 3 } }, 'retry.total is not an option; did you mean timeout.total?'],
  [{ breaker: { timeout: 3 } }, 'breaker.timeout is not an option; did you mean timeout?'],
  [{ retryHeader: 'x' }, 'retryHeader is not an option; did you mean idempotency.retryHeader?'],
];

export const translated: readonly (readonly [options: object, path: string, instead: string])[] = [
  [{ retry: { retries: 2 } }, 'retry.retries', 'retry.attempts, which counts the first attempt too'],
  [{ retries: 2 }, 'retries', 'retry.attempts, which counts the first attempt too'],
  [{ retry: { limit: 2 } }, 'retry.limit', 'retry.attempts'],
  [{ retry: { retryDelay: 1 } }, 'retry.retryDelay', 'retry.base'],
  [{ retry: { backoffLimit: 1 } }, 'retry.backoffLimit', 'retry.cap'],
  [{ retry: { statusCodes: [500] } }, 'retry.statusCodes', 'retry.statuses'],
  [{ retry: { methods: ['get'] } }, 'retry.methods', 'idempotency, because every method is retried'],
  [{ circuitBreaker: {} }, 'circuitBreaker', 'breaker'],
  [
    { breaker: { errorThresholdPercentage: 50 } },
    'breaker.errorThresholdPercentage',
    'breaker.threshold, a share from 0 to 1: 50 percent is 0.5',
  ],
  [{ breaker: { volumeThreshold: 5 } }, 'breaker.volumeThreshold', 'breaker.minimum'],
  [{ breaker: { resetTimeout: 5 } }, 'breaker.resetTimeout', 'breaker.cooldown'],
  [{ breaker: { rollingCountTimeout: 5 } }, 'breaker.rollingCountTimeout', 'breaker.window, in milliseconds'],
  [{ timeout: { request: 5 } }, 'timeout.request', 'timeout.total'],
  [{ timeout: { connect: 5 } }, 'timeout.connect', 'dispatcher, as in new Agent'],
];

export const foreign: readonly (readonly [name: string, instead: string])[] = [
  ['headers', 'a policy adds no headers'],
  ['baseUrl', 'URLs are given whole'],
  ['prefixUrl', 'URLs are given whole'],
  ['throwHttpErrors', 'a status is never made an error'],
  ['hooks', "api.on('retry', …)"],
];

export const wrongValues: readonly (readonly [path: string, value: unknown, message: string])[] = [
  ['retry.attempts', 0, `${whole} from 1 to 100, got 0`],
  ['retry.attempts', 101, `${whole} from 1 to 100, got 101`],
  ['retry.attempts', 2.5, `${whole} from 1 to 100, got 2.5`],
  ['retry.attempts', Number.NaN, `${whole} from 1 to 100, got NaN`],
  ['retry.attempts', Number.POSITIVE_INFINITY, `${whole} from 1 to 100, got Infinity`],
  ['retry.attempts', 3n, `${whole} from 1 to 100, got 3n`],
  ['retry.attempts', null, `${whole} from 1 to 100, got null`],
  ['retry.base', -1, `${ms} from 0 to 2147483647, got -1`],
  ['retry.cap', '2s', `${ms} from 0 to 2147483647, got "2s"`],
  ['retry.cap', 2_147_483_648, `${ms} from 0 to 2147483647, got 2147483648`],
  ['retry.retryAfter', true, `${ms} from 0 to 2147483647, got true`],
  ['retry.when', 'always', 'must be a function, got "always"'],
  ['retry.statuses', 500, 'must be an array of whole numbers from 400 to 599, got 500'],
  ['retry.statuses', new Set(), 'must be an array of whole numbers from 400 to 599, got an instance of Set'],
  ['timeout.attempt', 0, `${ms} above 0 and up to 2147483647, or false for no limit, got 0`],
  [
    'timeout.idle',
    2_147_483_648,
    `${ms} above 0 and up to 2147483647, or false for no limit, got 2147483648`,
  ],
  [
    'timeout.total',
    Number.NEGATIVE_INFINITY,
    `${ms} from 100 to 2147483647, or false for no limit, got -Infinity`,
  ],
  ['timeout.total', 30, `${ms} from 100 to 2147483647, or false for no limit, got 30: 30 seconds are 30000`],
  ['breaker.scope', 'host', 'must be "origin", "endpoint" or a function, got "host"'],
  ['breaker.threshold', 0, 'must be a number above 0, up to 1, got 0'],
  ['breaker.threshold', 50, 'must be a number above 0, up to 1, got 50'],
  ['breaker.minimum', 0, `${whole} of 1 or more, got 0`],
  ['breaker.window', 99, `${ms} from 100 to 2147483647, got 99`],
  ['breaker.cooldown', 0, `${ms} from 1 to 2147483647, got 0`],
  ['breaker.maxCooldown', Symbol('x'), `${ms} from 1 to 2147483647, got a symbol`],
  ['budget.ratio', 1.1, 'must be a number from 0 to 1, got 1.1'],
  ['budget.ratio', Number.NaN, 'must be a number from 0 to 1, got NaN'],
  ['budget.reserve', 101, `${whole} from 0 to 100, got 101`],
  ['budget.reserve', () => 3, `${whole} from 0 to 100, got a function`],
  ['limit.concurrency', 0, 'must be "adaptive" or a whole number of 1 or more, got 0'],
  ['limit.concurrency', 'auto', 'must be "adaptive" or a whole number of 1 or more, got "auto"'],
  ['limit.queue', -1, `${whole} of 0 or more, got -1`],
  ['limit.queue', Number.POSITIVE_INFINITY, `${whole} of 0 or more, got Infinity`],
];

export const shorthands: readonly Case[] = [
  [{ timeout: 5_000 }, 'got 5000; write { total: 5000 }, or { attempt: 5000 }'],
  [{ retry: 3 }, 'got 3; write { attempts: 4 }, for the first attempt counts too'],
  [{ idempotency: true }, 'got true; leave it out, for a key is the default'],
];

/** All of these that JSON can say. */
export const badOptions: readonly object[] = [
  ...[...misspelt, ...misplaced, ...translated, ...shorthands].map(([options]) => options),
  ...foreign.map(([name]) => ({ [name]: {} })),
  ...wrongValues
    .filter(([, value]) => isJson(value))
    .map(([path, value]) => {
      const [part = '', member = ''] = path.split('.');
      return { [part]: { [member]: value } };
    }),
];

function isJson(value: unknown): boolean {
  return (
    value === null ||
    Array.isArray(value) ||
    ['string', 'boolean'].includes(typeof value) ||
    Number.isFinite(value)
  );
}
