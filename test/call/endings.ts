import type {
  AttemptReport,
  CallReport,
  Events,
  Options,
  SteadFetch,
  SteadInit,
  Stopped,
} from '../../src/index.ts';
import type { Fault } from '../support/faults.ts';

/** A text that must not appear in any report or event. */
export const SECRET = 's3cr3t';

/** One way for a call to end. */
export interface Ending {
  /** The reason in words, after "it ends because of". */
  readonly why: string;
  readonly options?: Options;
  readonly init?: SteadInit;
  readonly faults: readonly Fault[];
  /** Makes the call, if it is not a plain one. */
  readonly call?: (api: SteadFetch, url: string, init: SteadInit) => Promise<Response>;
  /** The report's attempts, without their times. */
  readonly attempts: readonly Pick<AttemptReport, 'reason' | 'status' | 'error' | 'delivery'>[];
  readonly delivery: CallReport['delivery'];
  /** Retries that were announced and never made. */
  readonly unmade?: number;
}

const unavailable: Fault = { kind: 'answer', status: 503, body: SECRET };
const lost: Fault = { kind: 'cut', at: 'booked', how: 'reset' };
const silent: Fault = { kind: 'cut', at: 'request', how: 'stall' };

const created = { reason: 'success', status: 201, delivery: 'answered' } as const;
const refused = { reason: 'status', status: 503, delivery: 'answered' } as const;
const broken = { name: 'TypeError', code: 'ECONNRESET' };
const noAnswer = { reason: 'network', error: broken, delivery: 'unknown' } as const;
const timedOut = {
  reason: 'timeout',
  error: { name: 'TimeoutError', code: 'ERR_STEADFETCH_TIMEOUT' },
  delivery: 'unknown',
} as const;

function abortOn(event: keyof Events): NonNullable<Ending['call']> {
  return (api, url, init) => {
    const controller = new AbortController();
    api.on(event, () => controller.abort(new Error(SECRET)));
    return api(url, { ...init, signal: controller.signal });
  };
}

/** Every way for a POST of a text to end, by the word for it. The type guarantees that no word is missing. */
export const endings: Readonly<Record<Stopped, readonly Ending[]>> = {
  success: [
    { why: 'an answer at once', faults: [], attempts: [created], delivery: 'answered' },
    {
      why: 'an answer after a 503, a lost answer and a silence',
      options: { timeout: { attempt: 200 } },
      faults: [unavailable, lost, silent],
      attempts: [refused, noAnswer, timedOut, created],
      delivery: 'answered',
    },
    {
      why: 'an answer after one whose body broke',
      options: { buffer: 1024 },
      faults: [{ kind: 'cut', at: 'body', how: 'reset' }],
      attempts: [{ reason: 'network', status: 201, error: broken, delivery: 'answered' }, created],
      delivery: 'answered',
    },
  ],
  'final-status': [
    {
      why: 'a status that is not retried',
      faults: [unavailable, { kind: 'answer', status: 404 }],
      attempts: [refused, { reason: 'final-status', status: 404, delivery: 'answered' }],
      delivery: 'answered',
    },
  ],
  attempts: [
    {
      why: 'an answer to the last attempt',
      options: { retry: { attempts: 2, base: 1 } },
      faults: [lost, unavailable],
      attempts: [noAnswer, refused],
      delivery: 'answered',
    },
    {
      why: 'no answer to the last attempt',
      options: { retry: { attempts: 2, base: 1 } },
      faults: [unavailable, lost],
      attempts: [refused, noAnswer],
      delivery: 'unknown',
    },
  ],
  deadline: [
    {
      why: 'a pause that would be too long',
      options: { timeout: { total: 900 } },
      faults: [{ kind: 'answer', status: 503, headers: { 'retry-after': '1' } }],
      attempts: [refused],
      delivery: 'answered',
    },
    {
      why: 'the end of its time in the middle of an attempt',
      options: { timeout: { total: 150 } },
      faults: [silent],
      attempts: [timedOut],
      delivery: 'unknown',
    },
  ],
  budget: [
    {
      why: 'an empty budget',
      options: { budget: { ratio: 0, reserve: 0 } },
      faults: [unavailable],
      attempts: [refused],
      delivery: 'answered',
    },
  ],
  limit: [
    {
      why: 'a queue that is full',
      options: { limit: { concurrency: 1, queue: 0 } },
      faults: [silent],
      call: (api, url, init) => {
        // Takes the only place until the server is closed.
        api
          .extend({ retry: false })(url)
          .catch(() => {});
        return api(url, init);
      },
      attempts: [],
      delivery: 'not-sent',
    },
  ],
  breaker: [
    {
      why: 'a breaker that opened after the attempt',
      options: { breaker: { minimum: 1 }, patience: 0 },
      faults: [unavailable],
      attempts: [refused],
      delivery: 'answered',
    },
    {
      why: 'a breaker that was open before it',
      options: { breaker: {} },
      faults: [],
      call: (api, url, init) => {
        api.breakers.isolate(new URL(url).origin);
        return api(url, init);
      },
      attempts: [],
      delivery: 'not-sent',
    },
    {
      why: 'a breaker that opened in the pause',
      options: { breaker: {} },
      faults: [unavailable],
      call: (api, url, init) => {
        api.on('retry', () => api.breakers.isolate(new URL(url).origin));
        return api(url, init);
      },
      attempts: [refused],
      delivery: 'answered',
      unmade: 1,
    },
  ],
  body: [
    {
      why: 'a stream that has been sent',
      init: { body: new Blob([SECRET]).stream(), duplex: 'half' },
      faults: [lost],
      attempts: [noAnswer],
      delivery: 'unknown',
    },
    {
      why: 'a body function that throws',
      init: {
        body: () => {
          throw new RangeError(SECRET);
        },
      },
      faults: [],
      attempts: [{ reason: 'body', error: { name: 'RangeError' }, delivery: 'not-sent' }],
      delivery: 'not-sent',
    },
  ],
  unsafe: [
    {
      why: 'a lost answer where the server ignores keys',
      options: { idempotency: false },
      faults: [lost],
      attempts: [noAnswer],
      delivery: 'unknown',
    },
  ],
  aborted: [
    {
      why: 'an abort in the middle of an attempt',
      faults: [silent],
      call: (api, url, init) => api(url, { ...init, signal: AbortSignal.timeout(150) }),
      attempts: [{ reason: 'aborted', error: { name: 'TimeoutError' }, delivery: 'unknown' }],
      delivery: 'unknown',
    },
    {
      why: 'an abort in the pause',
      options: { retry: { base: 10_000, cap: 10_000 } },
      faults: [unavailable],
      call: abortOn('retry'),
      attempts: [refused],
      delivery: 'answered',
      unmade: 1,
    },
  ],
  policy: [
    {
      why: 'the word of retry.when',
      options: { retry: { when: () => false } },
      faults: [lost],
      attempts: [noAnswer],
      delivery: 'unknown',
    },
    {
      why: 'a Retry-After that is too long',
      faults: [{ kind: 'answer', status: 503, headers: { 'retry-after': '86400' } }],
      attempts: [refused],
      delivery: 'answered',
    },
    {
      why: 'a request that fetch refuses',
      init: { headers: { [`x-\n${SECRET}`]: SECRET } },
      faults: [],
      attempts: [{ reason: 'invalid', error: { name: 'TypeError' }, delivery: 'not-sent' }],
      delivery: 'not-sent',
    },
  ],
};
