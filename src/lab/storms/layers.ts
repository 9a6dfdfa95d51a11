import { onBehalfOf } from '../../call/layer.ts';
import type { FetchLike } from '../../model/options.ts';
import { tokenBucket } from '../published.ts';
import { steadfetch, tries } from '../steadfetch.ts';
import type { Call, Strategy } from '../strategy.ts';
import { World } from '../world.ts';
import { type Experiment, mean, STEADFETCH, type Storm, times } from './storm.ts';

/** The latency of each layer itself, in milliseconds. */
const LATENCY = 10;
/** Milliseconds between two calls at the top. */
const APART = 100;

/** A chain of services, each the client of the next. The last one always responds with 503. */
async function chain(depth: number, strategy: Strategy, calls: number, seed: number) {
  const world = new World(seed);
  try {
    let sends = 0;
    const answer = (status: number) =>
      new Promise<Response>((resolve) => {
        world.after(LATENCY, () => resolve(new Response(null, { status })));
      });
    const bottom = () => {
      sends++;
      return answer(503);
    };
    let fetch: FetchLike = bottom;
    let call: Call = async () => false;
    for (let layer = 0; layer < depth; layer++) {
      const own = strategy.client({ world, fetch, timeout: 60_000, breakerMoved() {} });
      // Each layer calls an address of its own. The same request again would be taken for one on its way through two clients.
      const below = () => own(`layer-${layer}`);
      fetch = async (_input, init) =>
        answer((await onBehalfOf(new Headers(init?.headers), below)) ? 200 : 503);
      call = below;
    }
    let left = calls;
    for (let i = 0; i < calls; i++) world.after(i * APART, () => void call().then(() => left--));
    await world.runUntil(() => left === 0);
    if (sends === 0) throw new Error('nothing reached the last layer');
    return { measures: { bottom: sends / calls } };
  } finally {
    world.close();
  }
}

const bucket = tokenBucket('20 % budgets', 4, 0.2, 0, 10);
const FIVE = '5 layers';

function experiment(
  depth: number,
  strategy: Strategy,
  calls: number,
  seeds: number,
  bottom?: number,
): Experiment {
  return {
    strategy: strategy.name,
    condition: `${depth} layers`,
    seeds,
    ...(bottom !== undefined && { published: { bottom } }),
    run: (seed) => chain(depth, strategy, calls, seed),
  };
}

const options = { breaker: false, timeout: false } as const;
const alone = steadfetch('steadfetch, budget alone', options);
const oneLayer = steadfetch('steadfetch, budget alone, `layers: true`', { ...options, layers: true });
const bareOneLayer = steadfetch('3 tries, `layers: true`', {
  ...options,
  budget: false,
  retry: { attempts: 3, base: 0, cap: 0 },
  layers: true,
});
const whole = steadfetch(STEADFETCH);

/** Every layer retries on its own, so the attempts multiply towards the bottom. */
export const layers: Storm = {
  id: 'C',
  title: 'Layers',
  measures: { bottom: times },
  experiments: [
    experiment(3, tries(4), 20, 1, 64),
    experiment(5, tries(3), 20, 1, 243),
    experiment(3, bucket, 1_000, 5, 1.73),
    experiment(5, bucket, 1_000, 5, 2.49),
    experiment(3, bareOneLayer, 20, 1),
    experiment(5, bareOneLayer, 20, 1),
    ...[alone, oneLayer, whole].flatMap((strategy) => [
      experiment(3, strategy, 1_000, 20),
      experiment(5, strategy, 1_000, 20),
    ]),
  ],
  thresholds: [
    { strategy: whole, most: 1.3 },
    { strategy: oneLayer, most: 1.3 },
    // Five budgets of 20 %, each one used up, would be 1.2 to the power of five.
    { strategy: alone, most: 2.49 },
  ].map(({ strategy, most }) => ({
    condition: FIVE,
    strategy: strategy.name,
    claim: `at the bottom of five layers ≤ ${most}`,
    holds: (samples) => mean(samples, 'bottom') <= most,
  })),
};
