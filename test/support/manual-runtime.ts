import type { Runtime } from '../../src/platform/runtime.ts';

/** A clock and random numbers that the test sets by hand. */
export class ManualRuntime implements Runtime {
  time = 0;
  /** The results of the next `random()` calls; 0.5 after these. */
  dice: number[] = [];
  /** Epoch milliseconds at `time` 0. */
  readonly origin = Date.UTC(2026, 0, 1);

  now = (): number => this.time;
  epoch = (): number => this.origin + this.time;
  random = (): number => this.dice.shift() ?? 0.5;

  advance(ms: number): void {
    this.time += ms;
  }
}
