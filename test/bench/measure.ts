import { Child } from './child.ts';
import { type Comparison, MAIN_CONCURRENCY, type Setting } from './comparisons.ts';
import { mean, median, type Random, shuffled } from './statistics.ts';

/** The task of a client: to make calls for a while, or a number of calls, and to report their time or memory. */
export type Work = Pick<Setting, 'method' | 'concurrency'> & { readonly row: string } & (
    | { readonly kind: 'time'; readonly time: number }
    | { readonly kind: 'warm up' | 'allocate'; readonly calls: number }
  );

/** Microseconds per call. */
export interface Sample {
  readonly cpu: number;
  readonly wall: number;
}

/** Bytes per call; undefined if the collector ran in between. */
export interface Allocated {
  readonly bytes: number | undefined;
}

/** How long to measure. */
export interface Effort {
  /** Rounds for each process of a row. A round is a turn of each row, and another in the opposite order. */
  readonly rounds: number;
  /** The part of a setting's warm-up and time that is used. */
  readonly share: number;
  /** Rounds for the memory. */
  readonly memory: number;
}

/** By row, by setting, by round. */
export type Samples = ReadonlyMap<string, readonly (readonly Sample[])[]>;

/**
 * For a process that waits for its turn: V8 uses idle time to give memory back, and the next turn would measure how the
 * process recovers from that. A service under load is not idle.
 */
const AWAKE = '--no-memory-reducer';

/**
 * Every row has two turns per round and setting: there, in an order that is drawn anew each time, and back. Their mean is
 * the sample. So rows that are compared were measured at the same time, on average, however far apart their turns lie:
 * a machine that gets slower or faster meanwhile favours none of them.
 */
export async function sample(
  { id, rows, settings, flags = [], generations }: Comparison,
  origin: string,
  effort: Effort,
  random: Random,
  isTogether: boolean,
  step: (what: string) => void,
): Promise<Samples> {
  const samples = new Map(rows.map(({ name }) => [name, settings.map((): Sample[] => [])]));
  for (let generation = 0; generation < generations; generation++) {
    const clients = new Map<string, Child>();
    const names = rows.map(({ name }) => name);
    for (const inOne of isTogether ? [names] : names.map((name) => [name])) {
      const { child } = await Child.start('client.js', [id, origin, ...inOne], [AWAKE, ...flags]);
      for (const name of inOne) clients.set(name, child);
    }
    for (const [name, child] of clients) {
      for (const setting of settings) {
        await child.ask(warmUp(name, setting, effort));
      }
      step(`${id}: ${name} is warm`);
    }
    for (let round = 0; round < effort.rounds; round++) {
      for (const [at, setting] of settings.entries()) {
        const turns = new Map(rows.map(({ name }) => [name, [] as Sample[]]));
        const there = shuffled([...clients], random);
        for (const [name, client] of [...there, ...there.toReversed()]) {
          turns.get(name)?.push((await client.ask(timed(name, setting, effort))) as Sample);
          step(`${id}: ${name}`);
        }
        for (const [name, both] of turns) samples.get(name)?.[at]?.push(meanOf(both));
      }
    }
    for (const client of new Set(clients.values())) client.stop();
  }
  return samples;
}

function meanOf(turns: readonly Sample[]): Sample {
  return { cpu: mean(turns.map(({ cpu }) => cpu)), wall: mean(turns.map(({ wall }) => wall)) };
}

function warmUp(row: string, { method, concurrency, warmUp }: Setting, { share }: Effort): Work {
  return { kind: 'warm up', row, method, concurrency, calls: Math.ceil(warmUp * share) };
}

function timed(row: string, { method, concurrency, time }: Setting, { share }: Effort): Work {
  return { kind: 'time', row, method, concurrency, time: time * share };
}

/** A new heap that is large enough to be left alone by the collector. */
const ROOMY = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];

/** Bytes per call on the JavaScript heap, by row and setting. They do not depend on the concurrency. */
export async function allocations(
  { id, rows, settings, flags = [] }: Comparison,
  origin: string,
  effort: Effort,
  step: (what: string) => void,
): Promise<ReadonlyMap<string, readonly (number | undefined)[]>> {
  const found = new Map<string, (number | undefined)[]>();
  for (const { name } of rows) {
    const { child } = await Child.start('client.js', [id, origin, name], [...ROOMY, ...flags]);
    const bySetting: (number | undefined)[] = [];
    for (const setting of settings) {
      if (setting.concurrency !== MAIN_CONCURRENCY) {
        bySetting.push(undefined);
        continue;
      }
      await child.ask(warmUp(name, setting, effort));
      const { method, concurrency } = setting;
      const work: Work = { kind: 'allocate', row: name, method, concurrency, calls: 400 };
      const bytes: number[] = [];
      for (let round = 0; round < effort.memory; round++) {
        const answer = (await child.ask(work)) as Allocated;
        if (answer.bytes !== undefined) bytes.push(answer.bytes);
      }
      bySetting.push(bytes.length === 0 ? undefined : median(bytes));
    }
    found.set(name, bySetting);
    child.stop();
    step(`${id}: memory of ${name}`);
  }
  return found;
}
