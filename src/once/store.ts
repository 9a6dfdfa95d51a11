/** A key in its scope. Two different pairs are never confused, whatever characters they have. */
export interface ScopedKey {
  /** The scope, as a JSON array. */
  readonly scope: string;
  /** The key within the scope. */
  readonly key: string;
}

/** The options of a claim. Times are in milliseconds, by the store's own clock. */
export interface ClaimOptions {
  /** What the request said. Another fingerprint for the same key is a reuse; `undefined` is not compared. */
  readonly fingerprint: string | undefined;
  /** How long the claim keeps other callers away. After that another caller may take the key over. */
  readonly lease: number;
  /** How long the key is remembered, counted from the claim. Never shorter than the lease. */
  readonly lifetime: number;
}

/** The result of a claim. Only `'claimed'` has changed anything. */
export type Claim =
  /** The caller owns the key, with this fencing token. It is larger than every earlier token for the key. */
  | { readonly state: 'claimed'; readonly token: number }
  /** Another caller owns the key. `leaseLeft`: milliseconds until the key may be taken over, if the store can tell. */
  | { readonly state: 'running'; readonly leaseLeft: number | undefined }
  /** The effect is done. `result` is `undefined` for a tombstone: the result was not kept. */
  | { readonly state: 'done'; readonly result: Uint8Array | undefined }
  /** The key was used with another fingerprint. */
  | { readonly state: 'reused' };

/**
 * A store for keys, and the interface of your own store. Each method is one atomic step, uses the store's own clock and never the
 * caller's, and rejects if the store can't be reached. `storeContract` of `steadfetch/testing` checks an implementation.
 *
 * A step may get an `AbortSignal`. After its abort the caller waits no longer. A store that holds a connection for the step then
 * destroys that connection, so that its place in the pool is free.
 */
export interface Store {
  /** Creates or upgrades the tables that the store needs. May be called at any time, and by many processes at once. */
  setup(): Promise<void>;
  /**
   * Takes the key if it is free: unknown, past its lifetime, or its lease has run out. A key whose lease has run out still
   * belongs to its fingerprint, as long as the key is remembered.
   */
  claim(id: ScopedKey, options: ClaimOptions, signal?: AbortSignal): Promise<Claim>;
  /**
   * Stores the result (`undefined`: a tombstone). Returns false and changes nothing if the token does not hold the key any more.
   */
  complete(
    id: ScopedKey,
    token: number,
    result: Uint8Array | undefined,
    signal?: AbortSignal,
  ): Promise<boolean>;
  /** Forgets the key, so that the next claim gets it at once. Returns false if the token does not hold the key any more. */
  release(id: ScopedKey, token: number, signal?: AbortSignal): Promise<boolean>;
  /** Sets the end of the lease to `lease` milliseconds from now. Returns false if the token does not hold the key any more. */
  extend(id: ScopedKey, token: number, lease: number, signal?: AbortSignal): Promise<boolean>;
  /** Removes at most `limit` keys whose lifetime has ended. Returns the number removed. */
  purge(limit: number, signal?: AbortSignal): Promise<number>;
}

/** A store that keeps its keys in the database where the effect writes, so that one transaction covers both. */
export interface TransactionalStore<Tx> {
  /**
   * Runs `work` in a transaction, with the store bound to that transaction. Commits when `work` resolves. When `work` throws,
   * rolls back and rethrows the error. When `signal` aborts, gives the transaction up and destroys its connection.
   */
  transaction<T>(work: (tx: Tx, store: Store) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** A store of either kind. */
export type AnyStore = Store | TransactionalStore<unknown>;

/** The lease of a running effect. */
export interface Lease {
  /**
   * The fencing token. Pass it to the system that the effect writes to, if that system can refuse tokens smaller than the last
   * one.
   */
  readonly token: number;
  /**
   * Renews the lease to its full length from now, for effects of unknown length.
   * @throws {LeaseLostError} Another owner took the key over. Stop the effect then.
   */
  extend(): Promise<void>;
}

/** The argument of an effect: the transaction if the store is transactional, else the lease. */
export type ContextOf<S extends AnyStore> = S extends TransactionalStore<infer Tx> ? Tx : Lease;
