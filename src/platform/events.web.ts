type Listener = (...args: unknown[]) => void;

/** As much of Node's class as opossum needs, and so do we. */
export class EventEmitter {
  readonly #listeners = new Map<string | symbol, Set<Listener>>();

  on(name: string | symbol, listener: Listener): this {
    const known = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, known.add(listener));
    return this;
  }

  once(name: string | symbol, listener: Listener): this {
    const once: Listener = (...args) => {
      this.removeListener(name, once);
      listener(...args);
    };
    return this.on(name, once);
  }

  addListener(name: string | symbol, listener: Listener): this {
    return this.on(name, listener);
  }

  off(name: string | symbol, listener: Listener): this {
    this.#listeners.get(name)?.delete(listener);
    return this;
  }

  removeListener(name: string | symbol, listener: Listener): this {
    return this.off(name, listener);
  }

  removeAllListeners(name?: string | symbol): this {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  emit(name: string | symbol, ...args: unknown[]): boolean {
    const listeners = [...(this.#listeners.get(name) ?? [])];
    for (const listener of listeners) listener.apply(this, args);
    return listeners.length > 0;
  }

  listenerCount(name: string | symbol): number {
    return this.#listeners.get(name)?.size ?? 0;
  }

  /** There is no limit to warn of. */
  setMaxListeners(): this {
    return this;
  }
}
