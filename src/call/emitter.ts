import type { Events } from '../model/events.ts';
import { warn } from '../platform/warn.ts';

type Listener<Name extends keyof Events> = (event: Events[Name]) => void;

/** Tells listeners what happened. They can watch a call, but not touch it. */
export class Emitter {
  /** Lists that never change: who is taken off while an event is told still hears of that one. */
  readonly #listeners: { [Name in keyof Events]: readonly Listener<Name>[] } = {
    attempt: [],
    retry: [],
    settled: [],
    breaker: [],
    budget: [],
  };

  /** @throws {TypeError} There is no such event, or the listener is no function. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Name>): () => void {
    if (!Object.hasOwn(this.#listeners, name)) {
      const names = Object.keys(this.#listeners);
      throw new TypeError(`there is no event ${JSON.stringify(name)}; the events are ${names.join(', ')}`);
    }
    if (typeof listener !== 'function') {
      throw new TypeError(`the listener must be a function, got ${typeof listener}`);
    }
    // A wrapper of its own, so that one function may listen twice and each `off` takes one of them away.
    const entry: Listener<Name> = (event) => listener(event);
    this.#set(name, [...this.#listenersOf(name), entry]);
    return () =>
      this.#set(
        name,
        this.#listenersOf(name).filter((other) => other !== entry),
      );
  }

  /** Whether anybody listens: without a listener no event is built. */
  has(name: keyof Events): boolean {
    return this.#listenersOf(name).length > 0;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listenersOf(name)) {
      try {
        const result: unknown = listener(event);
        if (result instanceof Promise) result.catch(warn);
      } catch (error) {
        warn(error);
      }
    }
  }

  #listenersOf<Name extends keyof Events>(name: Name): readonly Listener<Name>[] {
    return this.#listeners[name];
  }

  #set<Name extends keyof Events>(name: Name, listeners: readonly Listener<Name>[]): void {
    Object.assign(this.#listeners, { [name]: listeners });
  }
}
