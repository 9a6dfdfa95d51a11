/** One key of one scope. Two different pairs never meet, whatever characters are in them. */
export interface ScopedKey {
  readonly scope: string;
  readonly key: string;
}

/** On what terms a key is claimed. Times in milliseconds, counted by the store's own clock. */
export interface ClaimOptions {
  /** What the request said. Another value under the same key is a reuse; `undefined` is not compared. */
  readonly fingerprint: string | undefined;
  /** How long the claim keeps others away. After that they may take it over. */
  readonly lease: number;
  /** How long the key is remembered, counted from the claim. Never shorter than the lease. */
  readonly lifetime: number;
}

/** What a claim found. Only `'claimed'` changed anything. */
export type Claim =
  /** The key is yours, under this fencing token: larger than every token handed out for the key before. */
  | { readonly state: 'claimed'; readonly token: number }
  /** Somebody else is at it. `leaseLeft`: milliseconds until it may be taken over, if the store can tell. */
  | { readonly state: 'running'; readonly leaseLeft: number | undefined }
  /** It was done. `result` is `undefined` for a tombstone: done, but the result was not kept. */
  | { readonly state: 'done'; readonly result: Uint8Array | undefined }
  /** The key belongs to another fingerprint. */
  | { readonly state: 'reused' };

/**
 * Where keys are kept: what a new store has to implement. Each method is one atomic step, takes the time from the
 * store and never from the caller's machine, and rejects when the store cannot be reached.
 * `storeContract` of `steadfetch/testing` checks an implementation.
 *
 * Each step may be given an `AbortSignal`. When it aborts, nobody waits for the step any more: a store that holds a
 * connection for the step gives the connection up, so that its place in the pool is free.
 */
export interface Store {
  /** Creates or upgrades what the store needs. May be called at any time, by many at once. */
  setup(): Promise<void>;
  /**
   * Takes the key if it is free: unknown, ended, or its lease ran out. A lease that ran out still belongs to its
   * fingerprint, for as long as the key is remembered.
   */
  claim(id: ScopedKey, options: ClaimOptions, signal?: AbortSignal): Promise<Claim>;
  /** Stores the result (`undefined`: a tombstone). False, and no change, if the token does not hold the key any more. */
  complete(
    id: ScopedKey,
    token: number,
    result: Uint8Array | undefined,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** Forgets the key, so that the next claim gets it at once. False if the token does not hold it any more. */
  release(id: ScopedKey, token: number, signal?: AbortSignal): Promise<boolean>;
  /** Lets the lease run for `lease` milliseconds from now. False if the token does not hold the key any more. */
  extend(id: ScopedKey, token: number, lease: number, signal?: AbortSignal): Promise<boolean>;
  /** Removes at most `limit` keys whose lifetime has ended. Returns how many. */
  purge(limit: number, signal?: AbortSignal): Promise<number>;
}

/** A store that keeps its keys in the database where the effect writes, so that both are one transaction. */
export interface TransactionalStore<Tx> {
  /**
   * Runs `work` in a transaction, with the store bound to it: committed when `work` resolves, rolled back, and the
   * error rethrown, when it throws. When `signal` aborts, the transaction is given up together with its connection.
   */
  transaction<T>(work: (tx: Tx, store: Store) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Either kind of store, for functions that take both. */
export type AnyStore = Store | TransactionalStore<unknown>;

/** What a running effect holds in lease mode. */
export interface Lease {
  /** Fencing token. Hand it to what the effect writes to, if that can refuse a smaller one than it has seen. */
  readonly token: number;
  /**
   * Lets the lease run for its full length again, from now: for effects of unknown length.
   * @throws LeaseLostError if it was taken over; stop then, another is at it.
   */
  extend(): Promise<void>;
}

/** What an effect is given: the transaction where there is one, else its lease. */
export type ContextOf<S extends AnyStore> = S extends TransactionalStore<infer Tx> ? Tx : Lease;
