import type { FetchLike } from '../model/options.ts';
import {
  type Checks,
  fail,
  isFunction,
  isPlainObject,
  list,
  members,
  only,
  wholeNumber,
} from '../options/checks.ts';
import { faultyFetch } from './faults/faulty-fetch.ts';
import { type FaultyInterceptor, faultyInterceptor } from './faults/faulty-interceptor.ts';
import { checkRule, type FaultKind, type FaultRule } from './faults/rule.ts';
import { FaultSchedule, type LoggedRequest } from './faults/schedule.ts';

/** The options of `faults`. */
export interface FaultsOptions {
  /** The seed of the random numbers, a whole number. The same seed and the same requests give the same faults. */
  readonly seed: number;
  /** The rules. The first rule that applies decides. Default: none, so only the faults given to `next` happen. */
  readonly rules?: readonly FaultRule[];
  /**
   * The `fetch` that really sends.
   * @default the runtime's own `fetch`
   */
  readonly fetch?: FetchLike;
}

/** A `fetch` with faults, and an undici interceptor with the same ones. */
export interface FaultyFetch extends FetchLike {
  /**
   * Adds faults for the next requests, in their order. These come before all rules. `'none'` lets a request through.
   * @throws {PolicyError} A fault is wrong.
   */
  next(...faults: readonly (FaultKind | FaultRule | 'none')[]): void;
  /**
   * Makes it as it was at first: the faults given to `next` are forgotten, a burst is over, `log` is empty, and the seed begins
   * anew. For use between tests, beside the client's own `reset`.
   */
  reset(): void;
  /** Every request so far, with its fault: those of the `fetch` and of the interceptor. */
  readonly log: readonly LoggedRequest[];
  /**
   * The same faults in front of a dispatcher of undici 7 or 8: an `Agent`, a `MockAgent`, or the global one.
   * @example const api = createFetch({ dispatcher: new Agent().compose(flaky.interceptor) });
   */
  readonly interceptor: FaultyInterceptor;
}

/**
 * Makes a `fetch` and an undici interceptor with faults, for your own tests and for game days. Give the `fetch` to `createFetch`,
 * or to anything else that takes a `fetch`; compose the interceptor with a dispatcher. If a fault lets the request through, then
 * the request is really sent, and the service does its work.
 *
 * @throws {PolicyError} An option is wrong. The message names the option and says what is allowed.
 * @example
 * const flaky = faults({ seed: 7, rules: [{ fault: 'status', share: 0.05, burst: 5 }, { fault: 'reset-after', share: 0.02 }] });
 * const api = createFetch({ fetch: flaky });
 * // or one by one
 * flaky.next('refuse', 'none', { fault: 'status', status: 429, retryAfter: 1 });
 */
export function faults(options: FaultsOptions): FaultyFetch {
  const { seed, rules = [], fetch: send = globalThis.fetch } = checkFaults(options);
  const schedule = new FaultSchedule(seed, rules);
  return Object.assign(faultyFetch(schedule, send), {
    next: (...told: Parameters<FaultyFetch['next']>) => schedule.tell(told),
    reset: () => schedule.reset(),
    log: schedule.log,
    interceptor: faultyInterceptor(schedule),
  });
}

const optionChecks: Checks<FaultsOptions> = {
  seed: wholeNumber(0),
  rules: list('an array of rules', checkRule),
  fetch: only('a function', isFunction<FetchLike>),
};

function checkFaults(options: unknown): FaultsOptions {
  if (!isPlainObject(options)) return fail('options', 'a plain object with a seed', options);
  const { seed, ...rest } = members(options, '', '', optionChecks, []);
  return { seed: optionChecks.seed(seed, 'seed'), ...rest };
}
