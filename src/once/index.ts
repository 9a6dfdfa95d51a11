/**
 * The receiving side: runs the effect of each key once. For HTTP see `steadfetch/server`.
 *
 * @module steadfetch/once
 */

export { PolicyError } from './checks.ts';
export type { Times } from './claim-options.ts';
export { consume, type MessageId } from './consume.ts';
export {
  InProgressError,
  KeyReusedError,
  LeaseLostError,
  MissingDriverError,
  NestedTransactionError,
  NotRecordedError,
  ResultNotKeptError,
  StoreTimeoutError,
  TransactionAbortedError,
  TransactionEndedError,
} from './errors.ts';
export { type OnceId, type OnceResult, once } from './once.ts';
export { purge } from './purge.ts';
export type { Scope } from './scoped-key.ts';
export type {
  AnyStore,
  Claim,
  ClaimOptions,
  ContextOf,
  Lease,
  ScopedKey,
  Store,
  TransactionalStore,
} from './store.ts';
export { memoryStore } from './stores/memory.ts';
export { withTimeout } from './timeout.ts';
