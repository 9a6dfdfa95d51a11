import FakeTimers from '@sinonjs/fake-timers';
import type { Runtime } from '../platform/runtime.ts';
import { macrotask } from './macrotask.ts';
import { Random } from './random.ts';

const realRandom = Math.random;
const BEGINNING = Date.UTC(2026, 0, 1);

/**
 * Virtual time and seeded random numbers for everything in this process: timers, dates, `performance.now` and `Math.random` are
 * replaced until `close`. So every client can run here, also those of other packages. Only one world can exist at a time.
 */
export class World {
  readonly runtime: Runtime;
  /** A stream of its own, so that every strategy gets the same calls, however many other random numbers are used. */
  readonly arrivals: Random;
  /** The random numbers of the service and the network. */
  readonly noise: Random;
  readonly #clock: FakeTimers.Clock;

  constructor(seed: number) {
    this.arrivals = new Random(3 * seed);
    this.noise = new Random(3 * seed + 1);
    const { next } = new Random(3 * seed + 2);
    this.#clock = FakeTimers.install({
      now: BEGINNING,
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    });
    Math.random = next;
    this.runtime = { now: () => this.now, epoch: () => this.#clock.now, random: next };
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#clock.now - BEGINNING;
  }

  after(ms: number, action: () => void): void {
    this.#clock.setTimeout(action, Math.round(ms));
  }

  /** Fires one timer after the other. After each, all asynchronous work that needs no timer is done. */
  async runUntil(over: () => boolean): Promise<void> {
    await macrotask();
    while (!over() && this.#clock.countTimers() > 0) {
      this.#clock.next();
      await macrotask();
    }
  }

  close(): void {
    this.#clock.uninstall();
    Math.random = realRandom;
  }
}
