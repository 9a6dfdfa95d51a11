import { createFetch } from './create-fetch.ts';

export { type InboundHeaders, onBehalfOf } from './call/layer.ts';
export type {
  AttemptReason,
  AttemptReport,
  CallReport,
  ErrorSummary,
  Stopped,
} from './call/report.ts';
export { callReport } from './call/report.ts';
export type { BreakerSnapshot, Breakers, ExportedBreaker, SteadFetch } from './client.ts';
export { createFetch } from './create-fetch.ts';
export type { BreakerState, CallRef, Events } from './events.ts';
export type { ClientOptions } from './policy/client-options.ts';
export type {
  BodyFactory,
  BreakerOptions,
  BudgetOptions,
  DispatcherLike,
  FetchLike,
  Options,
  Policy,
  RetryOptions,
  ScopeRequest,
  SteadInit,
  TimeoutOptions,
} from './policy/options.ts';
export { type Dialect, type DialectName, dialects } from './request/dialects.ts';
export { BreakerOpenError, PolicyError, TimeoutError, type TimeoutPhase } from './verdict/errors.ts';
export type { Delivery, RetryFailure } from './verdict/failure.ts';

/** `createFetch()`: a `fetch` with every default. */
export const fetch = createFetch();
