import type { Options } from '../../model/options.ts';
import { unreliable } from '../service.ts';
import { type Scenario, simulate } from '../simulate.ts';
import { steadfetch } from '../steadfetch.ts';
import { overload } from './collapse.ts';
import { type Experiment, percent, type Storm, sum, times } from './storm.ts';

function failing(failure: number, clients: number, rate: number): Scenario {
  return {
    behaviour: (world) => unreliable(world, failure, 50),
    rate: () => rate,
    clients,
    duration: 30_000,
    timeout: 2_000,
  };
}

/** The conflicting demands on the defaults, and the second from which each is measured. */
const conditions: Record<string, { scenario: Scenario; from: number }> = {
  'p = 5 %': { scenario: failing(0.05, 20, 200), from: 0 },
  'p = 20 %': { scenario: failing(0.2, 20, 200), from: 0 },
  'p = 100 %': { scenario: failing(1, 20, 200), from: 0 },
  '1,000 clients, p = 50 %': { scenario: failing(0.5, 1_000, 100), from: 0 },
  'overload, 100 processes': { scenario: overload(100), from: 25 },
};

const variations: Record<string, Options> = {
  defaults: {},
  'retry.attempts 3': { retry: { attempts: 3 } },
  'retry.attempts 6': { retry: { attempts: 6 } },
  'retry.base 25': { retry: { base: 25 } },
  'retry.base 1000': { retry: { base: 1_000 } },
  'budget.ratio 0.1': { budget: { ratio: 0.1 } },
  'budget.ratio 0.5': { budget: { ratio: 0.5 } },
  'budget.reserve 0': { budget: { reserve: 0 } },
  'budget.reserve 10': { budget: { reserve: 10 } },
  'breaker.minimum 5': { breaker: { minimum: 5 } },
  'breaker.minimum 10': { breaker: { minimum: 10 } },
  'breaker.minimum 50': { breaker: { minimum: 50 } },
  'breaker.threshold 0.25': { breaker: { threshold: 0.25 } },
  'breaker.threshold 0.8': { breaker: { threshold: 0.8 } },
  'breaker.window 2000': { breaker: { window: 2_000 } },
  'breaker.cooldown 1000': { breaker: { cooldown: 1_000 } },
  'breaker.cooldown 20000': { breaker: { cooldown: 20_000 } },
};

/** The defaults and their neighbours, one number changed at a time. Runs only on request. */
export const defaults: Storm = {
  id: 'E',
  title: 'The defaults and their neighbours',
  measures: { success: percent, load: times },
  onRequest: true,
  experiments: Object.entries(variations).flatMap(([name, options]) =>
    Object.entries(conditions).map(
      ([condition, { scenario, from }]): Experiment => ({
        strategy: name,
        condition,
        seeds: 5,
        async run(seed) {
          const { good, calls, sends } = await simulate(scenario, steadfetch(name, options), seed);
          const measures = {
            success: sum(good, from) / sum(calls, from),
            load: sum(sends, from) / sum(calls, from),
          };
          return { measures };
        },
      }),
    ),
  ),
  thresholds: [],
};
