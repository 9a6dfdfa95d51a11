import type { Dialect, DialectName } from '../model/dialect.ts';
import type { BreakerOptions, BudgetOptions, RetryOptions, TimeoutOptions } from '../model/options.ts';

/** A policy that leaves nothing open, in the user's terms, so that another one can be merged over it. */
export interface WholePolicy {
  readonly timeout: Required<TimeoutOptions> | false;
  readonly retry: (Required<Omit<RetryOptions, 'when'>> & Pick<RetryOptions, 'when'>) | false;
  readonly idempotency: DialectName | Dialect | false;
  readonly breaker: Required<BreakerOptions> | false;
  readonly budget: Required<BudgetOptions> | false;
  /** Of breaker and budget: it outlives a breaker that is switched off. */
  readonly scope: NonNullable<BreakerOptions['scope']>;
  readonly buffer: number | false;
  readonly patience: number | false;
  /** Whether somebody wrote down which dialect the server honours. */
  readonly vouched: boolean;
}
