import { beforeAll, expect, test } from 'vitest';
import type { AttemptReport, CallReport } from '../../src/index.ts';
import { EventLoopMonitor } from './event-loop-monitor.ts';
import type { FaultCase } from './fault-case.ts';
import { titles, violations } from './invariants.ts';
import type { Observation } from './observation.ts';
import { TestBed } from './test-bed.ts';

const faultCase: FaultCase = {
  entry: 'fetch',
  method: 'POST',
  body: 'string',
  key: 'fresh',
  faults: [
    { kind: 'answer', status: 503, headers: { 'retry-after-ms': '5' } },
    { kind: 'cut', at: 'booked', how: 'reset' },
  ],
  timeout: { attempt: 3_000, idle: 3_000, total: 9_000 },
  retry: { attempts: 4, base: 1, cap: 2 },
  buffer: 1024,
  breaker: false,
  budget: false,
  patience: 0,
  signal: 'none',
  warmUp: 'none',
};

let good: Observation;

beforeAll(async () => {
  const loop = new EventLoopMonitor();
  const testBed = new TestBed({ loop, shared: new AbortController().signal });
  good = await testBed.run(faultCase);
  await testBed.close();
  loop.stop();
});

test('a call that went as promised breaks no promise', () => {
  expect(violations(good)).toEqual([]);
  expect(good.report?.attempts).toHaveLength(3);
});

type Tampered = (seen: Observation, report: CallReport) => Partial<Observation>;

const withAttempt = (report: CallReport, index: number, change: Partial<AttemptReport>) => ({
  report: {
    ...report,
    attempts: report.attempts.map((attempt, at) => (at === index ? { ...attempt, ...change } : attempt)),
  },
});

/** What each promise is about, and some ways to break it. */
const breaches: readonly (readonly [title: string, how: string, tampered: Tampered])[] = [
  ['no effect happens twice', 'two effects', () => ({ effects: 2 })],
  ['ok is told only of what the ledger has', 'no effect', () => ({ effects: 0 })],
  [
    'not-sent is told only of what never left',
    'an attempt that wrote bytes',
    (_seen, report) => withAttempt(report, 1, { delivery: 'not-sent' }),
  ],
  [
    'not-sent is told only of what never left',
    'a call that the server saw',
    (_seen, report) => ({ report: { ...report, delivery: 'not-sent' } }),
  ],
  [
    'the attempts in the report are the requests that the server saw',
    'a request more',
    ({ begun }) => ({ begun: begun + 1 }),
  ],
  [
    'the attempts in the report are the requests that the server saw',
    'an answer to nothing',
    () => ({ recorded: [] }),
  ],
  [
    'no call makes more attempts than it may',
    'one too many',
    () => ({ faultCase: { ...faultCase, retry: { ...faultCase.retry, attempts: 2 } } }),
  ],
  [
    'no call makes more attempts than it may',
    'an unsafe repeat',
    () => ({ faultCase: { ...faultCase, key: 'none' } }),
  ],
  [
    'no call makes more attempts than it may',
    'a retry that the budget does not give',
    () => ({ faultCase: { ...faultCase, budget: { ratio: 0, reserve: 1 } } }),
  ],
  [
    'no call makes more attempts than it may',
    'a retry in spite of the breaker',
    () => ({ faultCase: { ...faultCase, breaker: { minimum: 1 } } }),
  ],
  [
    'no call makes more attempts than it may',
    'a status that is final',
    (_seen, report) => withAttempt(report, 0, { status: 404 }),
  ],
  ['no call outlives its deadline', 'too late', () => ({ settledAfter: 9_500, stall: 0 })],
  ['no call outlives its deadline', 'an endless body', () => ({ endedAfter: 9_500, stall: 0 })],
  [
    'no call outlives its deadline',
    'an endless attempt',
    (_seen, report) => ({
      ...withAttempt(report, 0, { duration: 3_500 }),
      faultCase: { ...faultCase, buffer: false },
      stall: 0,
    }),
  ],
  [
    'an abort ends the call at once',
    'too late',
    () => ({ abort: { reason: new Error('enough'), after: 5 }, settledAfter: 900, stall: 0 }),
  ],
  [
    'no pause is shorter than asked for, nor longer than can pay off',
    'too early',
    (_seen, report) => withAttempt(report, 1, { waited: 1 }),
  ],
  [
    'no pause is shorter than asked for, nor longer than can pay off',
    'too late',
    (_seen, report) => ({ ...withAttempt(report, 1, { waited: 500 }), stall: 0 }),
  ],
  [
    'no pause is shorter than asked for, nor longer than can pay off',
    'beyond the deadline',
    ({ events }) => ({
      events: { ...events, retry: events.retry.map((retry) => ({ ...retry, delay: 9_000 })) },
    }),
  ],
  [
    'every attempt of a call has the same key',
    'another one',
    ({ seen }) => ({ seen: seen.map((request, at) => (at === 1 ? { ...request, key: 'other' } : request)) }),
  ],
  [
    'every attempt of a call has the same bytes and content-type',
    'other bytes',
    ({ recorded }) => ({
      recorded: recorded.map((request, at) => (at === 1 ? { ...request, sha256: 'other' } : request)),
    }),
  ],
  [
    'every attempt of a call has the same bytes and content-type',
    'bytes that nobody gave',
    ({ made }) => ({ made: { ...made, bytes: Buffer.from('other') } }),
  ],
  [
    'every attempt of a call has the same bytes and content-type',
    'another type',
    ({ made }) => ({ made: { ...made, contentType: /^application\/json$/ } }),
  ],
  [
    'an answer is read whole, or reading it fails',
    'half of it',
    ({ answer }) => ({ answer: answer && { ...answer, body: answer.body?.subarray(0, 5) } }),
  ],
  [
    'an answer is read whole, or reading it fails',
    'a failure in spite of the buffer',
    ({ answer }) => ({ answer: answer && { ...answer, body: undefined } }),
  ],
  ['the report is true, and no call gives up without a reason', 'none', () => ({ report: undefined })],
  [
    'the report is true, and no call gives up without a reason',
    'another delivery',
    (_seen, report) => ({ report: { ...report, delivery: 'unknown' } }),
  ],
  [
    'the report is true, and no call gives up without a reason',
    'another status than the caller got',
    (_seen, report) => withAttempt(report, 2, { status: 200 }),
  ],
  [
    'the report is true, and no call gives up without a reason',
    'events that say something else',
    ({ events }) => ({ events: { ...events, attempt: events.attempt.slice(1) } }),
  ],
  [
    'the report is true, and no call gives up without a reason',
    'a retry that nobody heard of',
    ({ events }) => ({ events: { ...events, retry: events.retry.slice(1) } }),
  ],
  ...(
    [
      'final-status',
      'attempts',
      'deadline',
      'budget',
      'breaker',
      'body',
      'unsafe',
      'aborted',
      'policy',
    ] as const
  ).map((stopped) => {
    const title = 'the report is true, and no call gives up without a reason';
    return [
      title,
      `stopped: ${stopped}`,
      (_seen: Observation, report: CallReport) => ({ report: { ...report, stopped } }),
    ] as const;
  }),
  [
    "what is thrown is the last attempt's own error",
    'another one',
    () => ({ answer: undefined, error: new TypeError('fetch failed') }),
  ],
  [
    'no secret is in a report, an event or a message',
    'in the URL',
    ({ secret }, report) => ({ report: { ...report, url: `${report.url}?token=${secret}` } }),
  ],
  [
    'no socket and no listener is left over',
    'one of each',
    () => ({ leftovers: ['a socket', 'a listener'] }),
  ],
];

test.each(breaches)('%s: %s is noticed', (title, _how, tampered) => {
  if (good.report === undefined) throw new Error('there is no report');
  const broken = violations({ ...good, ...tampered(good, good.report) });
  expect(broken.filter((how) => how.startsWith(title))).not.toEqual([]);
});

test('there is a breach for each promise', () => {
  expect(titles.filter((title) => !breaches.some(([about]) => about === title))).toEqual([]);
});
