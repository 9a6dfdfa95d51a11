import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EventLoop } from './event-loop.ts';
import { violations } from './invariants.ts';
import type { Observation } from './observation.ts';
import type { Story } from './story.ts';
import { World } from './world.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Tells stories side by side, and watches the process meanwhile. */
export class Crowd {
  readonly #loop = new EventLoop();
  readonly #shared = new AbortController().signal;
  readonly #worlds: readonly World[];
  readonly #keys = new Set<string>();
  readonly #complaints: string[] = [];
  readonly #timersBefore = timers();
  readonly #onWarning = (warning: Error) => this.#complaints.push(`warning: ${warning}`);
  readonly #onRejection = (reason: unknown) => this.#complaints.push(`unhandled rejection: ${reason}`);

  /** @param lanes how many stories are told at a time, if the machine is up to it */
  constructor(lanes: number) {
    const surroundings = { loop: this.#loop, shared: this.#shared };
    this.#worlds = Array.from({ length: lanes }, () => new World(surroundings));
    process.on('warning', this.#onWarning);
    process.on('unhandledRejection', this.#onRejection);
  }

  /** Hands each story over when it is over, with the promises that were broken in it. */
  async tell(stories: Iterable<Story>, told: (seen: Observation, broken: string[]) => void): Promise<void> {
    const queue = stories[Symbol.iterator]();
    const lane = async (world: World) => {
      for (let next = queue.next(); !next.done; next = queue.next()) {
        await this.#loop.calm();
        const seen = await world.tell(next.value);
        told(seen, [...violations(seen), ...this.#keyUsedBefore(seen)]);
      }
    };
    await Promise.all(this.#worlds.map(lane));
  }

  /** Closes everything. Returns what is left over, and what was said on the process. */
  async close(): Promise<string[]> {
    await Promise.all(this.#worlds.map((world) => world.close()));
    this.#loop.stop();
    const left = () => [
      ...(timers() > this.#timersBefore ? ['a timer'] : []),
      ...(getEventListeners(this.#shared, 'abort').length > 0 ? ['a listener on the shared signal'] : []),
    ];
    for (let tries = 0; tries < 100 && left().length > 0; tries++) {
      collectGarbage();
      await sleep(10);
    }
    process.off('warning', this.#onWarning);
    process.off('unhandledRejection', this.#onRejection);
    return [...this.#complaints, ...left()];
  }

  #keyUsedBefore({ story, report }: Observation): string[] {
    const key = report?.idempotencyKey;
    if (key === undefined || story.key !== 'fresh') return [];
    if (this.#keys.has(key)) return [`every call has a key of its own: ${key} was used before`];
    this.#keys.add(key);
    return [];
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
