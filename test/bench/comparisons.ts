import { BASE, bare } from './bare.ts';
import { intercepted, REQUEST } from './interceptor.ts';
import { ADDED, added, oneRetry, openBreaker } from './paths.ts';
import { peers } from './peers.ts';
import { type Call, type Row, TIMEOUT } from './row.ts';
import { steadfetch } from './steadfetch.ts';

export interface Setting {
  readonly method: Call['method'];
  readonly concurrency: number;
  /** Calls before anything is measured. */
  readonly warmUp: number;
  /** How long a turn is, in milliseconds. */
  readonly time: number;
}

/** Rows that are measured side by side. */
export interface Comparison {
  readonly id: 'success' | 'interceptor' | 'retry' | 'open' | 'added';
  readonly title: string;
  /** The row that ratios are relative to. */
  readonly base: string;
  readonly rows: readonly Row[];
  readonly settings: readonly Setting[];
  /** Options of Node for the processes of the rows. */
  readonly flags?: readonly string[];
  /** The number of processes per row, because the compiler's choices are partly random. */
  readonly generations: number;
}

/** At this concurrency the goals are measured. */
export const MAIN_CONCURRENCY = 16;

const methods = ['GET', 'POST'] as const;
const get = (warmUp: number, time: number): Setting => ({
  method: 'GET',
  concurrency: MAIN_CONCURRENCY,
  warmUp,
  time,
});

export const comparisons: readonly Comparison[] = [
  {
    id: 'success',
    title: 'Success',
    base: BASE,
    generations: 3,
    rows: [...bare, ...steadfetch, ...peers],
    settings: [
      // As long as the timeout: after that the number of waiting signals is constant.
      ...methods.map((method) => ({ method, concurrency: MAIN_CONCURRENCY, warmUp: 3_000, time: TIMEOUT })),
      ...methods.map((method) => ({ method, concurrency: 1, warmUp: 200, time: 150 })),
      ...methods.map((method) => ({ method, concurrency: 128, warmUp: 600, time: 300 })),
    ],
  },
  {
    id: 'interceptor',
    title: 'Through the interceptor',
    base: REQUEST,
    // The goal is close: two processes with the same code differ by more than the remaining margin.
    generations: 9,
    rows: intercepted,
    settings: methods.map((method) => ({
      method,
      concurrency: MAIN_CONCURRENCY,
      warmUp: 6_000,
      time: TIMEOUT,
    })),
  },
  {
    id: 'retry',
    title: 'One retry after a 503',
    base: `${BASE}, twice`,
    generations: 3,
    rows: oneRetry,
    settings: [get(1_500, TIMEOUT)],
  },
  {
    id: 'open',
    title: 'The breaker is open: nothing is sent',
    base: 'p-retry + opossum + uuid + undici.fetch',
    generations: 3,
    rows: openBreaker,
    settings: [get(10_000, 250)],
  },
  {
    id: 'added',
    title: 'No network: a dispatcher that answers at once',
    base: ADDED.base,
    generations: 3,
    rows: added,
    settings: [get(20_000, TIMEOUT)],
    // From the first collections V8 guesses what will live long. In so tight a loop it guesses wrong in about every
    // second process, and such a process takes twice as long, whatever the row.
    flags: ['--no-allocation-site-pretenuring'],
  },
];
