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
} from '../options/checks.ts';
import type { Outcome } from './outcome.ts';
import { type QueueOptions, queueing } from './service.ts';
import { simulate } from './simulate.ts';
import { steadfetch } from './steadfetch.ts';
import { sum } from './storms/storm.ts';
import type { World } from './world.ts';

/** What would this policy do to my backend? Times in milliseconds, rates in calls per second. */
export interface Question {
  /** The options of `createFetch`. */
  readonly policy: ClientOptions;
  /** The service that is called. */
  readonly service: QueueOptions;
  /** What all processes together want. */
  readonly load: number;
  /** And what they want for a while, from a third of the time on. */
  readonly spike?: { readonly rate: number; readonly duration: number };
  /** @default 1 */
  readonly processes?: number;
  /** @default 90000 */
  readonly duration?: number;
  /** How often it is asked, with other chance. @default 5 */
  readonly seeds?: number;
}

const amount = number('a number above 0', (value) => value > 0 && Number.isFinite(value));

/** An object of which each member is needed. */
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
  // What is in it, createFetch checks.
  policy: only('the options of createFetch', (value): value is ClientOptions => isPlainObject(value)),
  service: whole<QueueOptions>({ latency: amount, capacity: amount }),
  load: amount,
  spike: whole<NonNullable<Question['spike']>>({ rate: amount, duration: amount }),
  processes: amount,
  duration: amount,
  seeds: amount,
};

/** And the answer. */
export interface Forecast {
  /** One line. */
  readonly verdict: string;
  /** Whether every run came out of it. */
  readonly recovered: boolean;
  /** The run that went worst, second by second. */
  readonly worst: Outcome;
}

/** A run that answers this share of calls in its last third has recovered. */
export const RECOVERED = 0.95;

/**
 * Plays a load on a modelled service with the real client under your policy.
 * Time and `Math.random` of the whole process are virtual until it is done, so do nothing else meanwhile.
 *
 * @throws {PolicyError} A name is unknown, a number is none or not above 0, or the policy is wrong.
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

/** The share of the calls from a second on that ended well. */
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
