import type { ScopedKey } from './store.ts';

const named = ({ scope, key }: ScopedKey) => `key ${JSON.stringify(key)} in ${scope}`;

/** The effect is running elsewhere now, so it was not run here. Recognise it by `name` or `code`. */
export class InProgressError extends Error {
  override readonly name = 'InProgressError';
  readonly code = 'ERR_STEADFETCH_IN_PROGRESS';
  /** Milliseconds after which to ask again. */
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

/** The effect was done once, but its result was not kept, so it can't be returned again. */
export class ResultNotKeptError extends Error {
  override readonly name = 'ResultNotKeptError';
  readonly code = 'ERR_STEADFETCH_RESULT_NOT_KEPT';

  constructor(id: ScopedKey) {
    super(`The effect of ${named(id)} has been done, but its result was not kept`);
  }
}

/**
 * The lease ran out, and another owner took the key over, so the result of this owner was refused. Both effects may have been
 * done. Ask again with the same key: that answer counts.
 */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly code = 'ERR_STEADFETCH_LEASE_LOST';

  constructor(id: ScopedKey) {
    super(`The lease on ${named(id)} ran out before the effect was done, and another owner took it over`);
  }
}

/**
 * The effect was done, and then the store failed to record it (`cause`). After the end of the lease another caller would run the
 * effect again.
 */
export class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';
  readonly code = 'ERR_STEADFETCH_NOT_RECORDED';
  /** The value that the effect returned. */
  readonly value: unknown;

  constructor(id: ScopedKey, value: unknown, cause: unknown) {
    super(`The effect of ${named(id)} was done, but the store did not record it`, { cause });
    this.value = value;
  }
}

/**
 * The effect caught a database error and went on. The database had aborted the transaction by then, so no write of the effect was
 * committed. Do not catch such an error, or put the statement that may fail behind a savepoint.
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

/** A statement came after the end of the transaction, such as from a handler that had already answered. */
export class TransactionEndedError extends Error {
  override readonly name = 'TransactionEndedError';
  readonly code = 'ERR_STEADFETCH_TRANSACTION_ENDED';

  constructor() {
    super('The transaction has ended: write before you answer, or use a connection of your own');
  }
}

/**
 * The effect tried to begin or end a transaction on the client of the transaction that holds its key. The statement was not sent:
 * it would have ended the key's transaction. Write with the client as it is (with drizzle: `drizzle({ client })`, without
 * `.transaction()`), use a savepoint, or open your own transaction and join it with `within`.
 */
export class NestedTransactionError extends Error {
  override readonly name = 'NestedTransactionError';
  readonly code = 'ERR_STEADFETCH_NESTED_TRANSACTION';

  constructor(word: string, why?: string) {
    super(
      why === undefined
        ? `"${word}" on this client would begin or end the transaction that it was given for: write without a transaction of your own, ` +
            'use a savepoint, or join your transaction (once: by within(); outbox and sagas: hand it over)'
        : `"${word}" ${why}`,
    );
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

/** The package of a driver is not installed. The message says what to install. */
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
