import type { Behaviour } from '../../src/lab/service.ts';
import { observe } from '../../src/lab/simulate.ts';
import { steadfetch } from '../../src/lab/steadfetch.ts';
import type { World } from '../../src/lab/world.ts';
import type { ClientOptions } from '../../src/model/options.ts';

/** Milliseconds. */
const DURATION = 20_000;
/** So long that the slowest hundredth of the calls is some eighty, not twenty, of which chance decides two. */
export const LONG = 80_000;
/** When the brown-out begins. */
export const BROWN = 10_000;

function around(world: World, ms: number): number {
  return ms * (0.7 + 0.6 * world.noise.next());
}

/** Services, by how fast they answer. */
export const services = {
  /** One answer of twenty takes fifty times as long. */
  tail: (world: World): Behaviour => {
    return () => ({ latency: around(world, world.noise.next() < 0.05 ? 1_000 : 20), status: 200 });
  },
  /** Every answer is slow. */
  slow: (world: World): Behaviour => {
    return () => ({ latency: around(world, 400), status: 200 });
  },
  /** Fast, with a tail; and then slow for everybody. */
  brownOut: (world: World): Behaviour => {
    const [before, after] = [services.tail(world), services.slow(world)];
    return (busy, path) => (world.now < BROWN ? before : after)(busy, path);
  },
} as const;

/** A client that makes a hundred calls a second. */
export async function face(
  service: keyof typeof services,
  options: ClientOptions,
  seed: number,
  duration = DURATION,
) {
  const scenario = { behaviour: services[service], rate: () => 100, clients: 1, duration };
  const { made, sent } = await observe(scenario, steadfetch('hedging', options), seed);
  const took = made.map((call) => call.took).sort((one, other) => one - other);
  const since = (from: number) => {
    const calls = made.filter(({ began }) => began >= from).length;
    return sent.filter((at) => at >= from).length / calls;
  };
  return {
    good: made.every(({ good }) => good),
    took,
    p99: took[Math.floor(0.99 * took.length)] ?? Number.NaN,
    /** Requests for each call that began at that time or later. */
    since,
  };
}
