import { warn } from '../platform/warn.ts';
import type { Result } from './result.ts';

/** What can be listened to. Listeners hear of what this process did; what must not be missed belongs in a handler. */
export interface OutboxEvents {
  /** The call was answered with success. */
  done: Result;
  /** The call is a dead letter: its answer will not change, or it can not be made. */
  refused: Result;
  /** The call is a dead letter: its key has ended. */
  expired: Result;
  /** A sending came to nothing; there will be another. */
  later: Result;
  /** The database or the engine failed. The outbox goes on. */
  error: Error;
}

type Listener = (event: never) => unknown;

/** Tells listeners what happened. They can watch, but not touch. */
export class Listeners {
  readonly #lists = new Map<keyof OutboxEvents, readonly Listener[]>(
    (['done', 'refused', 'expired', 'later', 'error'] as const).map((name) => [name, []]),
  );

  /** @throws {TypeError} There is no such event, or the listener is no function. */
  on<Name extends keyof OutboxEvents>(
    name: Name,
    listener: (event: OutboxEvents[Name]) => unknown,
  ): () => void {
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

  tell<Name extends keyof OutboxEvents>(name: Name, event: OutboxEvents[Name]): void {
    const list = this.#of(name);
    // An error without a listener must be seen somewhere.
    if (name === 'error' && list.length === 0) warn(event);
    for (const listener of list) {
      try {
        const result: unknown = listener(event as never);
        if (result instanceof Promise) result.catch(warn);
      } catch (error) {
        warn(error);
      }
    }
  }

  #of(name: keyof OutboxEvents): readonly Listener[] {
    return this.#lists.get(name) ?? [];
  }
}
