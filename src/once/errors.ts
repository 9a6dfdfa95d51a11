import type { ScopedKey } from './store.ts';

const named = ({ scope, key }: ScopedKey) => `key ${JSON.stringify(key)} in ${scope}`;

/** The effect is running somewhere else right now; it was not run here. Match it by `name` or `code`. */
export class InProgressError extends Error {
  override readonly name = 'InProgressError';
  readonly code = 'ERR_STEADFETCH_IN_PROGRESS';
  /** Milliseconds after which it is worth asking again. */
  readonly retryAfter: number;

  constructor(id: ScopedKey, retryAfter: number) {
    super(`The effect of ${named(id)} is in progress; ask again in ${retryAfter} ms`);
    this.retryAfter = retryAfter;
  }
}

/** The key was used before with another fingerprint. Nothing was run and nothing was changed. */
export class KeyReusedError extends Error {
  override readonly name = 'KeyReusedError';
  readonly code = 'ERR_STEADFETCH_KEY_REUSED';

  constructor(id: ScopedKey) {
    super(`The ${named(id)} was used before with another fingerprint`);
  }
}

/** The effect has been done, once, but its result was not kept: it cannot be given again. */
export class ResultNotKeptError extends Error {
  override readonly name = 'ResultNotKeptError';
  readonly code = 'ERR_STEADFETCH_RESULT_NOT_KEPT';

  constructor(id: ScopedKey) {
    super(`The effect of ${named(id)} has been done, but its result was not kept`);
  }
}

/**
 * The lease ran out and another took the key over, so this owner's result was refused. This owner's effect may have
 * been done, and the other's too: ask again with the same key for the answer that counts.
 */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly code = 'ERR_STEADFETCH_LEASE_LOST';

  constructor(id: ScopedKey) {
    super(`The lease on ${named(id)} ran out before the effect was done, and another owner took it over`);
  }
}

/**
 * The effect was done, and then the store failed to record it (`cause`). After the lease, another caller would run
 * the effect again.
 */
export class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';
  readonly code = 'ERR_STEADFETCH_NOT_RECORDED';
  /** What the effect returned. */
  readonly value: unknown;

  constructor(id: ScopedKey, value: unknown, cause: unknown) {
    super(`The effect of ${named(id)} was done, but the store did not record it`, { cause });
    this.value = value;
  }
}

/**
 * The effect caught a database error and went on. The database had aborted the transaction by then, so nothing of the
 * effect was committed. Let such an error through, or write what may fail behind a savepoint.
 */
export class TransactionAbortedError extends Error {
  override readonly name = 'TransactionAbortedError';
  readonly code = 'ERR_STEADFETCH_TRANSACTION_ABORTED';

  constructor(cause?: unknown) {
    super(
      'The current transaction is aborted, and nothing was committed: a statement of the effect failed, and the effect went on',
      { cause },
    );
  }
}

/** A statement came after the transaction had ended, such as from a handler that had answered already. */
export class TransactionEndedError extends Error {
  override readonly name = 'TransactionEndedError';
  readonly code = 'ERR_STEADFETCH_TRANSACTION_ENDED';

  constructor() {
    super('The transaction has ended: write before you answer, or use a connection of your own');
  }
}

/** The store did not answer in time. */
export class StoreTimeoutError extends Error {
  override readonly name = 'StoreTimeoutError';
  readonly code = 'ERR_STEADFETCH_STORE_TIMEOUT';

  constructor(step: string, limit: number) {
    super(`The store did not answer within ${limit} ms (${step})`);
  }
}

/** A driver that was asked for is not installed. The message says what to install. */
export class MissingDriverError extends Error {
  override readonly name = 'MissingDriverError';
  readonly code = 'ERR_STEADFETCH_MISSING_DRIVER';
  /** The package to install. */
  readonly package: string;

  constructor(name: string, cause: unknown) {
    super(`The package ${name} is not installed: npm install ${name}`, { cause });
    this.package = name;
  }
}
