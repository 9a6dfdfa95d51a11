export { consume, type MessageId } from './consume.ts';
export {
  InProgressError,
  KeyReusedError,
  LeaseLostError,
  MissingDriverError,
  NotRecordedError,
  ResultNotKeptError,
  StoreTimeoutError,
} from './errors.ts';
export type { OnceId, Scope, Times } from './identity.ts';
export { memoryStore } from './memory.ts';
export { type OnceResult, once } from './once.ts';
export { purge } from './purge.ts';
export type {
  AnyStore,
  Claim,
  ContextOf,
  Identity,
  Lease,
  Store,
  Terms,
  TransactionalStore,
} from './store.ts';
export { withTimeout } from './timeout.ts';
