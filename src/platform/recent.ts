/** Each of the two generations holds that many. */
const GENERATION = 500;
/** Longer keys are not worth their memory. */
const LONGEST_KEY = 1_000;

/**
 * The entries used of late, at most about a thousand. Two generations instead of an order: when the young one is
 * full it becomes the old one, and the one before is forgotten. So finding a recent entry writes nothing.
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
