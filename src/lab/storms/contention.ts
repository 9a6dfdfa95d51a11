import { createClient } from '../../fetch/create-fetch.ts';
import { SERVICE_URL } from '../strategy.ts';
import { World } from '../world.ts';
import { type Experiment, mean, type Storm, type Threshold, TOLERANCE, whole } from './storm.ts';

/** Network latency each way, in milliseconds. */
const DELAY = { mean: 10, deviation: 2 };
/** The article doubles its base of 5 ms before the first retry already. Ours is the limit of the first retry. */
const BASE = 10;
const CAP = 2_000;

/** A row that many clients want to change. A client must begin again if another one wrote after its read. */
class ContestedRow {
  writes = 0;
  #version = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Reads the row and writes it. Four trips over the network. */
  async commit(): Promise<boolean> {
    await this.#trip();
    const read = this.#version;
    await this.#trip();
    await this.#trip();
    this.writes++;
    const committed = read === this.#version;
    if (committed) this.#version++;
    await this.#trip();
    return committed;
  }

  #trip(): Promise<void> {
    const delay = Math.abs(this.#world.noise.normal(DELAY.mean, DELAY.deviation));
    return new Promise((resolve) => this.#world.after(delay, resolve));
  }
}

/** Commits once, after any number of tries. */
type Committer = (row: ContestedRow, world: World) => Promise<void>;

/** The published backoffs of others: milliseconds before the n-th retry. `last` is the previous pause. */
type Backoff = (retry: number, random: () => number, last: number) => number;

const exponential = (retry: number) => Math.min(CAP, BASE * 2 ** (retry - 1));

const backoffs: Record<string, Backoff> = {
  none: () => 0,
  exponential,
  'equal jitter': (retry, random) => exponential(retry) * (0.5 + random() / 2),
  decorrelated: (_retry, random, last) => Math.min(CAP, BASE / 2 + random() * (3 * last - BASE / 2)),
};

function looping(backoff: Backoff): Committer {
  return async (row, world) => {
    let wait = BASE / 2;
    for (let retry = 1; !(await row.commit()); retry++) {
      wait = backoff(retry, world.runtime.random, wait);
      await new Promise<void>((resolve) => world.after(wait, resolve));
    }
  };
}

/** The real client. It gets a 503 for a lost race. */
const client: Committer = async (row, world) => {
  const fetch = async () => new Response(null, { status: (await row.commit()) ? 200 : 503 });
  const retry = { attempts: 100, base: BASE, factor: 2, cap: CAP };
  await createClient(
    { fetch, retry, timeout: false, breaker: false, budget: false },
    world.runtime,
  )(SERVICE_URL);
};

async function race(clients: number, committer: Committer, seed: number) {
  const world = new World(seed);
  try {
    const row = new ContestedRow(world);
    let left = clients;
    for (let i = 0; i < clients; i++) void committer(row, world).then(() => left--);
    await world.runUntil(() => left === 0);
    return { measures: { calls: row.writes, time: world.now } };
  } finally {
    world.close();
  }
}

const FULL_JITTER = 'full jitter (steadfetch)';

/** Calls and milliseconds, for 100 and for 190 clients. */
const published: Record<string, readonly [number, number, number, number]> = {
  none: [2_424, 2_029, 8_008, 3_535],
  exponential: [1_851, 62_984, 5_176, 101_120],
  'equal jitter': [813, 6_562, 1_758, 9_415],
  [FULL_JITTER]: [795, 4_843, 1_770, 7_339],
  decorrelated: [999, 4_480, 2_432, 8_180],
};

const committers: Record<string, Committer> = {
  ...Object.fromEntries(Object.entries(backoffs).map(([name, backoff]) => [name, looping(backoff)])),
  [FULL_JITTER]: client,
};

const crowds = [
  { condition: 'N = 100', clients: 100, seeds: 100, column: 0 },
  { condition: 'N = 190', clients: 190, seeds: 30, column: 2 },
] as const;

/** Many clients want to change the same row. Only backoff separates them. */
export const contention: Storm = {
  id: 'A',
  title: 'Contention',
  measures: { calls: whole, time: (ms) => `${whole(ms)} ms` },
  experiments: Object.entries(committers).flatMap(([strategy, committer]) =>
    crowds.map(({ condition, clients, seeds, column }): Experiment => {
      const means = published[strategy] ?? [];
      const calls = means[column] ?? Number.NaN;
      const time = means[column + 1] ?? Number.NaN;
      const run = (seed: number) => race(clients, committer, seed);
      return { strategy, condition, seeds, published: { calls, time }, run };
    }),
  ),
  thresholds: crowds.map(({ condition, column }): Threshold => {
    const [calls, time] = [published[FULL_JITTER]?.[column] ?? 0, published[FULL_JITTER]?.[column + 1] ?? 0];
    return {
      condition,
      strategy: FULL_JITTER,
      claim: `within 10 % of ${whole(calls)} calls and ${whole(time)} ms`,
      holds: (samples) =>
        Math.abs(mean(samples, 'calls') / calls - 1) <= TOLERANCE &&
        Math.abs(mean(samples, 'time') / time - 1) <= TOLERANCE,
    };
  }),
};
