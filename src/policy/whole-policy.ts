import type { Dialect, DialectName } from '../model/dialect.ts';
import type { Fallback } from '../model/fallback.ts';
import type {
  BreakerOptions,
  BudgetOptions,
  HedgeOptions,
  LimitOptions,
  RetryOptions,
  TimeoutOptions,
} from '../model/options.ts';

/** A policy in the user's terms with every value set, so that another policy can be merged over it. */
export interface WholePolicy {
  readonly timeout: Required<TimeoutOptions> | false;
  readonly retry: (Required<Omit<RetryOptions, 'when'>> & Pick<RetryOptions, 'when'>) | false;
  readonly idempotency: DialectName | Dialect | false;
  readonly breaker: Required<BreakerOptions> | false;
  readonly budget: Required<BudgetOptions> | false;
  readonly hedge: Required<HedgeOptions> | false;
  readonly limit: Required<LimitOptions> | false;
  /** The scope of all guards. It is kept even while the breaker is switched off. */
  readonly scope: NonNullable<BreakerOptions['scope']>;
  readonly buffer: number | false;
  readonly patience: number | false;
  readonly quota: boolean;
  readonly fallback: Fallback | false;
  /** Whether the user's options name the dialect that the server honours. */
  readonly vouched: boolean;
}
