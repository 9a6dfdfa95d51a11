import type { ClientOptions } from '../model/options.ts';
import { bareFetch, loop } from './handwritten.ts';
import type { Measures, Outcome, Progress } from './outcome.ts';
import { portablePeers } from './portable-peers.ts';
import { goodput, RECOVERED } from './question.ts';
import { scenarioOf } from './scenario.ts';
import type { Settings } from './settings.ts';
import { simulate } from './simulate.ts';
import { steadfetch } from './steadfetch.ts';
import { sum } from './storms/storm.ts';

/** The clients that the page compares, in its order. The first has the given policy. */
function strategies(policy: ClientOptions) {
  return [steadfetch('steadfetch', policy), loop, bareFetch, ...portablePeers];
}

export const clients: readonly string[] = strategies({}).map(({ name }) => name);

/**
 * Runs the settings with each client in turn, on virtual time.
 *
 * @throws {PolicyError} The policy is wrong.
 */
export async function play(
  settings: Settings,
  policy: ClientOptions,
  tell: (progress: Progress) => void,
): Promise<void> {
  const scenario = scenarioOf(settings);
  for (const strategy of strategies(policy)) {
    const client = strategy.name;
    const outcome = await simulate(scenario, strategy, settings.seed, (outcome, second) =>
      tell({ client, seconds: second + 1, outcome }),
    );
    tell({ client, seconds: settings.duration, outcome, measures: measuresOf(outcome) });
  }
}

function measuresOf(outcome: Outcome): Measures {
  const late = goodput(outcome, Math.ceil((2 * outcome.calls.length) / 3));
  return {
    success: goodput(outcome, 0),
    late,
    recovered: late >= RECOVERED,
    load: sum(outcome.sends) / Math.max(1, sum(outcome.calls)),
  };
}
