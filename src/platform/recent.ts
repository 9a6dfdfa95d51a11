/** The size of each of the two generations. */
const GENERATION = 500;
/** Longer keys are not worth their memory. */
const LONGEST_KEY = 1_000;

/**
 * A cache of recently used entries, at most about a thousand. It keeps two generations instead of an order: when the young one is
 * full, it becomes the old one, and the former old one is dropped. So most lookups write nothing.
 */
export class Recent<Value extends object | null> {
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: Value): void {
    if (key.length > LONGEST_KEY) return;
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
