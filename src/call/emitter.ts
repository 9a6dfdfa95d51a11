import { type Events, eventNames } from '../model/events.ts';
import { type Channel, channel } from '../platform/diagnostics.ts';
import { warn } from '../platform/warn.ts';

type Listener<Name extends keyof Events> = (event: Events[Name]) => void;

type Listeners = { readonly [Name in keyof Events]: readonly Listener<Name>[] };

/** Each event is also published on a diagnostics channel, for subscribers that watch the whole process. */
const channels = Object.fromEntries(
  eventNames.map((name) => [name, channel(`steadfetch:${name}`)]),
) as Readonly<Record<keyof Events, Channel>>;

function noListeners(): Listeners {
  return Object.fromEntries(eventNames.map((name) => [name, []])) as unknown as Listeners;
}

/** Calls the listeners of events. Listeners observe a call and can't change it. */
export class Emitter {
  /** The lists are replaced, never changed: a listener that is removed during an event still receives that event. */
  readonly #listeners = noListeners();

  /** @throws {TypeError} There is no such event, or the listener is not a function. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Name>): () => void {
    if (!Object.hasOwn(this.#listeners, name)) {
      const names = Object.keys(this.#listeners);
      throw new TypeError(`there is no event ${JSON.stringify(name)}; the events are ${names.join(', ')}`);
    }
    if (typeof listener !== 'function') {
      throw new TypeError(`the listener must be a function, got ${typeof listener}`);
    }
    // A new wrapper for each `on`, so that one function may be added twice and each `off` removes one of the two.
    const entry: Listener<Name> = (event) => listener(event);
    this.#set(name, [...this.#listenersOf(name), entry]);
    return () =>
      this.#set(
        name,
        this.#listenersOf(name).filter((other) => other !== entry),
      );
  }

  /** Whether anything listens. Without a listener no event is built. */
  has(name: keyof Events): boolean {
    return this.#listenersOf(name).length > 0 || channels[name].hasSubscribers;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    if (channels[name].hasSubscribers) channels[name].publish(event);
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
