import type { ClientOptions } from '../model/options.ts';
import {
  type Check,
  type Checks,
  demand,
  fail,
  isPlainObject,
  members,
  number,
  only,
  wholeNumber,
} from '../options/checks.ts';
import type { Outcome } from './outcome.ts';
import { type QueueOptions, queueing } from './service.ts';
import { simulate } from './simulate.ts';
import { steadfetch } from './steadfetch.ts';
import { sum } from './storms/storm.ts';
import type { World } from './world.ts';

/** The question of `ask`: what does this policy do to my backend? Times are in milliseconds, rates in calls per second. */
export interface Question {
  /** The options of `createFetch`. */
  readonly policy: ClientOptions;
  /** The model of the service. */
  readonly service: QueueOptions;
  /** The calls per second of all processes together. */
  readonly load: number;
  /** A spike: after a third of the time, the load is `rate` for `duration` milliseconds. */
  readonly spike?: { readonly rate: number; readonly duration: number };
  /**
   * The processes that share the load.
   * @default 1
   */
  readonly processes?: number;
  /**
   * The length of a run, in milliseconds.
   * @default 90000
   */
  readonly duration?: number;
  /**
   * The number of runs, each with other random numbers.
   * @default 5
   */
  readonly seeds?: number;
}

const amount = number('a number above 0', (value) => value > 0 && Number.isFinite(value));

/** An object whose members are all required. */
function whole<T extends object>(checks: Checks<T>): Check<T> {
  const names = Object.keys(checks) as (keyof T & string)[];
  return (value, path) => {
    if (!isPlainObject(value)) return fail(path, `a plain object with ${names.join(' and ')}`, value);
    const checked = members(value, path, path, checks, []);
    demand(checked, path, checks, names);
    return checked as T;
  };
}

const checks: Checks<Question> = {
  // `createFetch` checks the members.
  policy: only('the options of createFetch', (value): value is ClientOptions => isPlainObject(value)),
  service: whole<QueueOptions>({ latency: amount, capacity: amount }),
  load: amount,
  spike: whole<NonNullable<Question['spike']>>({ rate: amount, duration: amount }),
  processes: wholeNumber(1),
  duration: amount,
  seeds: wholeNumber(1),
};

/** The answer of `ask`. */
export interface Forecast {
  /** The finding in one line. */
  readonly verdict: string;
  /** Whether every run recovered. */
  readonly recovered: boolean;
  /** The worst run, second by second. */
  readonly worst: Outcome;
}

/** A run has recovered if this share of calls succeeds in its last third. */
export const RECOVERED = 0.95;

/**
 * Runs a load against a modelled service, with the real client and your policy. The time and `Math.random` of the whole process
 * are virtual until the promise settles, so do nothing else meanwhile.
 *
 * @throws {PolicyError} A name is unknown, a number is not above 0 (`processes` and `seeds`: whole), or the policy is wrong.
 * @example
 * const { verdict } = await ask({
 *   policy: { retry: { attempts: 5 }, budget: false },
 *   service: { capacity: 100, latency: 1_000 },
 *   load: 40,
 *   spike: { rate: 80, duration: 5_000 },
 *   processes: 100,
 * });
 */
export async function ask(question: Question): Promise<Forecast> {
  if (!isPlainObject(question)) fail('question', 'a plain object with policy, service and load', question);
  const checked = members<Question>(question, '', '', checks, []);
  demand(checked, '', checks, ['policy', 'service', 'load']);
  const { policy, service, load, spike, processes = 1, duration = 90_000, seeds = 5 } = checked;
  const from = duration / 3;
  const inSpike = (now: number) => spike !== undefined && now >= from && now < from + spike.duration;
  const scenario = {
    behaviour: (world: World) => queueing(world, service),
    rate: (now: number) => (inSpike(now) ? (spike?.rate ?? load) : load),
    clients: processes,
    duration,
  };
  const strategy = steadfetch('yours', policy);
  const outcomes: Outcome[] = [];
  for (let seed = 1; seed <= seeds; seed++) outcomes.push(await simulate(scenario, strategy, seed));

  const late = outcomes.map((outcome) => goodput(outcome, Math.ceil((2 * duration) / 3_000)));
  const recoveries = late.filter((share) => share >= RECOVERED).length;
  const worst = outcomes[late.indexOf(Math.min(...late))] as Outcome;
  return { verdict: verdict(outcomes, recoveries), recovered: recoveries === seeds, worst };
}

/** The share of successful calls, of those that began in this second or later. */
export function goodput({ good, calls }: Outcome, from: number): number {
  return sum(good, from) / Math.max(1, sum(calls, from));
}

function verdict(outcomes: readonly Outcome[], recoveries: number): string {
  const all = (series: 'calls' | 'sends' | 'good') => sum(outcomes.map((outcome) => sum(outcome[series])));
  const load = `${(all('sends') / all('calls')).toFixed(2)} requests per call`;
  const success = `${((100 * all('good')) / all('calls')).toFixed(1)} % of calls end well`;
  const runs = `${recoveries} of ${outcomes.length} runs recover`;
  return `${recoveries === outcomes.length ? 'HOLDS' : 'COLLAPSES'}: ${runs}; ${success}; ${load}.`;
}
