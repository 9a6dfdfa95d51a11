interface Use {
  users: number;
  readonly end: () => void;
}

/** What is begun by the first who asks for it, and ended when the last one has left. */
export class Shared<Key> {
  readonly #uses = new Map<Key, Use>();

  /** @returns the function by which this one leaves */
  use(key: Key, begin: () => () => void): () => void {
    const use = this.#uses.get(key) ?? { users: 0, end: begin() };
    this.#uses.set(key, use);
    use.users += 1;
    let isUsed = true;
    return () => {
      if (!isUsed) return;
      isUsed = false;
      use.users -= 1;
      if (use.users > 0) return;
      this.#uses.delete(key);
      use.end();
    };
  }
}
