import FakeTimers from '@sinonjs/fake-timers';
import type { Runtime } from '../platform/runtime.ts';
import { macrotask } from './macrotask.ts';
import { Random } from './random.ts';

const realRandom = Math.random;
const BEGINNING = Date.UTC(2026, 0, 1);

/**
 * Virtual time and seeded chance for everything in this process: timers, dates, `performance.now` and `Math.random`
 * are replaced until `close`. So any client can live here, ours and others'. One world at a time.
 */
export class World {
  readonly runtime: Runtime;
  /** A stream of its own: the same calls come to every strategy, however much chance the rest uses up. */
  readonly arrivals: Random;
  /** What the service and the network draw from. */
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

  /** Goes from timer to timer. After each, everything that follows from it without waiting happens. */
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
