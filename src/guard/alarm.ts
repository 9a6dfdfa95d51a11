/** One timer for many waiting calls. It fires at the earliest time that was asked for. */
export class Alarm {
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Number.POSITIVE_INFINITY;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Fires at `due` at the latest. Both times are monotonic. */
  set(due: number, now: number): void {
    if (this.#due <= due || due === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, Math.ceil(due - now)));
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.clear();
    this.#ring();
  }
}
