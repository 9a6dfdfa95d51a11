import { type Behaviour, queueing, type Reply } from './service.ts';
import type { Settings } from './settings.ts';
import type { Scenario } from './simulate.ts';
import type { World } from './world.ts';

const replies: Record<Settings['outage'], Reply> = {
  refused: 'refused',
  503: { latency: 5, status: 503 },
  silence: 'silence',
};

/** The attempt timeout of clients that have none of their own, in milliseconds. */
const PATIENCE_OF_PEERS = 3_000;

/** Makes the scenario of the settings. Spike and outage begin after a third of the time. */
export function scenarioOf(chosen: Settings): Scenario {
  const { load, spike, processes } = chosen;
  const duration = 1_000 * chosen.duration;
  const from = duration / 3;
  const within = (now: number, seconds: number) => now >= from && now < from + 1_000 * seconds;
  return {
    behaviour: (world) => behaviourOf(chosen, world, () => within(world.now, chosen.outageLength)),
    rate: (now) => (within(now, chosen.spikeLength) ? spike : load),
    clients: processes,
    duration,
    timeout: PATIENCE_OF_PEERS,
  };
}

function behaviourOf(
  { outage, failure, ...service }: Settings,
  world: World,
  isOut: () => boolean,
): Behaviour {
  const working = queueing(world, service);
  return (busy, path) => {
    if (isOut()) return replies[outage];
    const reply = working(busy, path);
    const fails = failure > 0 && world.noise.next() < failure / 100;
    return fails && typeof reply === 'object' ? { ...reply, status: 503 } : reply;
  };
}
