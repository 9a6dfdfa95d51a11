/**
 * The client: a `fetch` with one idempotency key per call, retries, timeouts, a breaker and a budget.
 *
 * @module steadfetch
 */

export type {
  BreakerSnapshot,
  BreakerState,
  ExportedBreaker,
  FailureSummary,
  OpenCause,
  QuotaSnapshot,
  ScopeSnapshot,
} from './model/breaker.ts';
export type { ClientOptions } from './model/options.ts';
export type {
  AttemptReason,
  AttemptReport,
  BodyEnd,
  BodyReport,
  CallReport,
  ErrorSummary,
  Stopped,
} from './model/report.ts';

import { createFetch } from './fetch/create-fetch.ts';

export { hashKey } from './call/hash-key.ts';
export { type InboundHeaders, type InboundOptions, onBehalfOf, timeLeft } from './call/layer.ts';
export { callReport } from './call/report.ts';
export { createFetch } from './fetch/create-fetch.ts';
export type { Breakers, SteadFetch } from './model/client.ts';
export { type Dialect, type DialectName, dialects } from './model/dialect.ts';
export {
  BreakerOpenError,
  FallbackError,
  LimitError,
  PolicyError,
  TimeoutError,
  type TimeoutPhase,
} from './model/errors.ts';
export {
  type AllowedBy,
  type AttemptStart,
  type CallRef,
  type Events,
  eventNames,
  type GuardName,
} from './model/events.ts';
export type { ExplainedValue, Explanation, KeyFate } from './model/explanation.ts';
export type { Delivery, RetryFailure } from './model/failure.ts';
export type { CallFailure, Fallback } from './model/fallback.ts';
export type {
  BodyFactory,
  BreakerOptions,
  BudgetOptions,
  DispatcherLike,
  FetchLike,
  HedgeOptions,
  LimitOptions,
  Options,
  Policy,
  Priority,
  RetryOptions,
  ScopeRequest,
  SteadInit,
  TimeoutOptions,
} from './model/options.ts';

export type { PolicyChange } from './model/policy-change.ts';

/** `createFetch()`: a `fetch` with every default. */
export const fetch = createFetch();
