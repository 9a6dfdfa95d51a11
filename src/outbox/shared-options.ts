/** The options that outboxes and sagas have in common, since one engine works for both. */
import {
  type Check,
  type Checks,
  fail,
  isPlainObject,
  members,
  number,
  only,
  wholeNumber,
} from '../options/checks.ts';

/** As good as for ever, and within what PostgreSQL's `interval` and a `Date` can hold. */
const CENTURY = 36_525 * 86_400_000;

export const time: Check<number> = number(
  `a number of milliseconds from 1 to ${CENTURY}`,
  (value) => value >= 1 && value <= CENTURY,
);

/** The pauses before something is tried again, in milliseconds. */
export interface Backoff {
  readonly base: number;
  readonly cap: number;
}

export const backoffChecks: Checks<Backoff> = { base: time, cap: time };

export const backoff: Check<Partial<Backoff>> = (value, path) =>
  isPlainObject(value)
    ? members(value, path, 'backoff', backoffChecks, [])
    : fail(path, 'a plain object with base and cap', value);

/** The pauses by default: up to 5 minutes. */
export const BACKOFF: Backoff = { base: 1_000, cap: 300_000 };

/** The engine's schema by default. */
export const SCHEMA = 'steadfetch';

export const schema: Check<string> = only(
  'a name of lower-case letters, digits and _, at most 50 long',
  (value): value is string => typeof value === 'string' && /^[a-z_][a-z0-9_]{0,49}$/.test(value),
);

/** How many a list has at most: as many as the engine gives at once. */
export const listed = wholeNumber(1, 100_000);

/** What `work` takes. */
export interface WorkOptions {
  /**
   * Calls that are under way at the same time.
   * @default 10
   */
  readonly concurrency?: number;
  /**
   * How often an empty queue is looked into, in milliseconds.
   * @default 1000
   */
  readonly poll?: number;
}

const workChecks: Checks<WorkOptions> = {
  concurrency: wholeNumber(1, 1_000),
  poll: wholeNumber(10, 3_600_000),
};

/** @throws PolicyError that names the option, its value and what is allowed. */
export function checkWork(options: WorkOptions): Required<WorkOptions> {
  if (!isPlainObject(options)) return fail('options', 'a plain object', options);
  return { concurrency: 10, poll: 1_000, ...members(options, '', '', workChecks, []) };
}
