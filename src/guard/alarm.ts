import type { Runtime } from '../platform/runtime.ts';

/** One timer for many waiting calls. It fires at the earliest time that was asked for. */
export class Alarm {
  readonly #runtime: Runtime;
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Number.POSITIVE_INFINITY;

  constructor(runtime: Runtime, ring: () => void) {
    this.#runtime = runtime;
    this.#ring = ring;
  }

  /** Fires at `due` at the latest. Both times are monotonic. */
  set(due: number, now: number): void {
    if (this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, Math.ceil(due - now)));
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#runtime.fired?.(this.#due);
    this.clear();
    this.#ring();
  }
}
