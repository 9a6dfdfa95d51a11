import type { Outcome } from './outcome.ts';
import { type Behaviour, ModelledService } from './service.ts';
import type { Call, Strategy } from './strategy.ts';
import { World } from './world.ts';

/** The conditions of a run. Times are in milliseconds. */
export interface Scenario {
  readonly behaviour: (world: World) => Behaviour;
  /** The calls per second of all clients together, at a time since the beginning. */
  readonly rate: (now: number) => number;
  /** The number of clients that share the load. Each is a process of its own. */
  readonly clients: number;
  /** Calls come one after another from this many workers, not at a rate: each makes its next call when its last one has ended. */
  readonly workers?: number;
  /** No call begins after this time. */
  readonly duration: number;
  /** The attempt timeout of clients that have none of their own. */
  readonly timeout?: number;
  /** The path of the next call. */
  readonly path?: (world: World) => string;
}

/** One call as its caller saw it. Times are in milliseconds. */
export interface Made {
  readonly path: string;
  readonly began: number;
  readonly took: number;
  readonly good: boolean;
}

/** The outcome of a run, call by call and request by request. */
export interface Detail {
  readonly outcome: Outcome;
  readonly made: readonly Made[];
  /** The time at which each request reached the service. */
  readonly sent: readonly number[];
}

/** Receives the outcome so far at the end of each second. */
export type Watch = (outcome: Outcome, second: number) => void;

/** Runs one scenario with one strategy. The same seed gives the same outcome. */
export async function simulate(
  scenario: Scenario,
  strategy: Strategy,
  seed: number,
  watch?: Watch,
): Promise<Outcome> {
  return (await observe(scenario, strategy, seed, watch)).outcome;
}

/** The same, call by call. */
export async function observe(
  scenario: Scenario,
  strategy: Strategy,
  seed: number,
  watch?: Watch,
): Promise<Detail> {
  const world = new World(seed);
  try {
    return await play(world, scenario, strategy, watch);
  } finally {
    world.close();
  }
}

async function play(
  world: World,
  scenario: Scenario,
  strategy: Strategy,
  watch: Watch | undefined,
): Promise<Detail> {
  const seconds = Math.ceil(scenario.duration / 1_000);
  const zeros = () => new Array<number>(seconds).fill(0);
  const outcome = { calls: zeros(), good: zeros(), sends: zeros(), open: zeros() };
  const count = (series: number[], at: number) => {
    const second = Math.floor(at / 1_000);
    series[second] = (series[second] ?? 0) + 1;
  };

  const made: Made[] = [];
  const sent: number[] = [];
  const service = new ModelledService(world, scenario.behaviour(world), () => {
    count(outcome.sends, world.now);
    sent.push(world.now);
  });
  let open = 0;
  const environment = {
    world,
    fetch: service.fetch,
    timeout: scenario.timeout,
    breakerMoved: (step: number) => {
      open += step;
    },
  };
  const clients = Array.from({ length: scenario.clients }, () => strategy.client(environment));
  for (let second = 0; second < seconds; second++) {
    world.after(second * 1_000 + 999, () => {
      outcome.open[second] = open;
      watch?.(outcome, second);
    });
  }

  let underWay = 0;
  const begin = async (call: Call | undefined) => {
    if (call === undefined) return;
    const began = world.now;
    underWay++;
    count(outcome.calls, began);
    const path = scenario.path?.(world) ?? '';
    const good = await call(path);
    if (good) count(outcome.good, began);
    made.push({ path, began, took: world.now - began, good });
    underWay--;
  };
  const { workers } = scenario;
  const arrivals =
    workers === undefined
      ? arrive(world, scenario, () => void begin(clients[Math.floor(world.arrivals.next() * clients.length)]))
      : take(world, scenario, workers, (worker) => begin(clients[worker % clients.length]));
  await world.runUntil(() => arrivals.over && underWay === 0);
  return { outcome, made, sent };
}

/** An open loop: calls arrive independently of the responses to earlier calls. */
function arrive(world: World, { rate, duration }: Scenario, arrival: () => void): { over: boolean } {
  const state = { over: false };
  let due = 0;
  const next = () => {
    for (; due <= world.now && due < duration; due += world.arrivals.exponential(1_000 / rate(due)))
      arrival();
    state.over = due >= duration;
    // Timers take whole milliseconds only.
    if (!state.over) world.after(Math.ceil(due - world.now), next);
  };
  due = world.arrivals.exponential(1_000 / rate(0));
  world.after(0, next);
  return state;
}

/** A closed loop: each worker calls again a millisecond after its last call has ended. */
function take(
  world: World,
  { duration }: Scenario,
  workers: number,
  call: (worker: number) => Promise<void>,
): { readonly over: boolean } {
  const again = async (worker: number) => {
    if (world.now >= duration) return;
    await call(worker);
    world.after(1, () => again(worker));
  };
  for (let worker = 0; worker < workers; worker++) void again(worker);
  return {
    get over() {
      return world.now >= duration;
    },
  };
}
