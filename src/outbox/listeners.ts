import { warn } from '../platform/warn.ts';

type Listener = (event: never) => unknown;

/** Tells listeners what happened. They can watch, but not touch. */
export class Listeners<Events extends { error: Error }> {
  readonly #lists: Map<keyof Events, readonly Listener[]>;

  /** @param names of all events */
  constructor(names: readonly (keyof Events & string)[]) {
    this.#lists = new Map(names.map((name) => [name, []]));
  }

  /** @throws {TypeError} There is no such event, or the listener is no function. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => unknown): () => void {
    const list = this.#lists.get(name);
    if (list === undefined) {
      throw new TypeError(
        `there is no event ${JSON.stringify(name)}; the events are ${[...this.#lists.keys()].join(', ')}`,
      );
    }
    if (typeof listener !== 'function')
      throw new TypeError(`the listener must be a function, got ${typeof listener}`);
    // A wrapper of its own, so that one function may listen twice.
    const entry: Listener = (event) => listener(event);
    this.#lists.set(name, [...list, entry]);
    return () =>
      this.#lists.set(
        name,
        this.#of(name).filter((other) => other !== entry),
      );
  }

  tell<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#of(name)) {
      try {
        const result: unknown = listener(event as never);
        if (result instanceof Promise) result.catch(warn);
      } catch (error) {
        warn(error);
      }
    }
  }

  /** Tells what was thrown. Without a listener it becomes a warning, since it must be seen somewhere. */
  error(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (this.#of('error').length === 0) warn(error);
    else this.tell('error', error);
  }

  #of(name: keyof Events): readonly Listener[] {
    return this.#lists.get(name) ?? [];
  }
}
